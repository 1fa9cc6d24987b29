import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ConfigAnswers,
  type ConfigReaderOptions,
  parseConfigOutput,
  type UserConfig,
  userConfigReader,
} from '../../src/ssh/ssh-config.ts';
import { never } from './spoof-server.ts';

test('reads what ssh -G prints (OpenSSH 9.2)', () => {
  const text = [
    'host node-1',
    'user ops',
    'hostname 10.0.1.10',
    'port 2222',
    'identitiesonly yes',
    'hostkeyalias alias-1',
    'identityagent $MY_AGENT',
    'identityfile ~/.ssh/%h',
    'identityfile /keys/two words',
    'identityfile none',
    'certificatefile ~/.ssh/id-cert.pub',
    'globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2',
    'userknownhostsfile /home/ops/a /home/ops/b c/d ~/e',
    'proxyjump u@j1:2222,ssh://v@j2,[::1]:33',
    '',
  ].join('\n');
  expect(parseConfigOutput(text)).toEqual<UserConfig>({
    hostname: '10.0.1.10',
    port: 2222,
    user: 'ops',
    identityFiles: ['~/.ssh/%h', '/keys/two words'],
    certificateFiles: ['~/.ssh/id-cert.pub'],
    identityAgent: '$MY_AGENT',
    identitiesOnly: true,
    userKnownHostsFiles: ['/home/ops/a', '/home/ops/b c/d', '~/e'],
    globalKnownHostsFiles: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
    hostKeyAlias: 'alias-1',
    proxyJump: ['u@j1:2222', 'ssh://v@j2', '[::1]:33'],
    proxyCommand: null,
  });
});

test('"none" switches off', () => {
  const config = parseConfigOutput(
    'userknownhostsfile none\nproxyjump none\nproxycommand none\nidentityagent none\n',
  );
  expect(config).toMatchObject({
    userKnownHostsFiles: [],
    proxyJump: [],
    proxyCommand: null,
    identityAgent: 'none',
  });
});

describe('asking the ssh program', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fsha-config-'));
  });

  afterEach(() => rm(dir, { recursive: true, force: true }));

  async function programme(script: string): Promise<void> {
    await writeFile(join(dir, 'ssh'), `#!/bin/sh\n${script}\n`);
    await chmod(join(dir, 'ssh'), 0o755);
  }

  function reader(
    timeout = 5_000,
    more: Partial<ConfigReaderOptions> = {},
  ): ReturnType<typeof userConfigReader> {
    return userConfigReader({
      where: 'node-1',
      env: { PATH: `${dir}:/usr/bin:/bin` },
      configFile: '/x/y',
      timeout,
      ...more,
    });
  }

  const saying = (text: string): unknown => expect.stringContaining(text);

  test('hands everything over as words of its own', async () => {
    await programme(`printf 'hostname %s\\n' "$*"`);
    const config = await reader()({ host: 'node $(id)', port: 2222, user: 'ops' }, never);
    expect(config?.hostname).toBe('-G -F /x/y -p 2222 -l ops -- node $(id)');
  });

  test('is null where there is none', async () => {
    const read = userConfigReader({ where: 'node-1', env: { PATH: dir }, timeout: 5_000 });
    await expect(read({ host: 'node-1' }, never)).resolves.toBeNull();
  });

  test('says what ssh says when it fails', async () => {
    await programme(
      `echo 'noise' >&2; printf '/root/.ssh/config: line 3: Bad\\033[31m option\\n' >&2; exit 255`,
    );
    await expect(reader()({ host: 'node-1' }, never)).rejects.toMatchObject({
      code: 'ssh.config',
      message:
        'node-1: ssh does not accept its own configuration: /root/.ssh/config: line 3: Bad\ufffd[31m option',
    });
  });

  test('is asked for once by all who share the answers, also while ssh is at it', async () => {
    await programme(`echo >> '${dir}/asked'; sleep 0.2; echo 'hostname 10.0.1.10'`);
    const answers = new ConfigAnswers();
    const all = ['node-1', 'node-2'].map((where) => reader(5_000, { where, answers }));
    const controller = new AbortController();
    const left = expect(all[0]?.({ host: 'bastion' }, controller.signal)).rejects.toMatchObject({
      code: 'interrupted',
    });
    const asking = all.map((read) => read({ host: 'bastion' }, never));
    controller.abort();
    await left;
    const told = [...(await Promise.all(asking)), await all[0]?.({ host: 'bastion' }, never)];
    expect(told.map((config) => config?.hostname)).toEqual(Array(3).fill('10.0.1.10'));
    expect(await readFile(join(dir, 'asked'), 'utf8')).toBe('\n');
    await all[1]?.({ host: 'bastion', user: 'ops' }, never);
    expect(await readFile(join(dir, 'asked'), 'utf8')).toBe('\n\n');
  });

  test('is asked for again after an error, which is told by each name', async () => {
    await programme(`test -e '${dir}/mended' && { echo 'hostname n'; exit; }; echo 'Bad' >&2; exit 255`);
    const answers = new ConfigAnswers();
    const [one, two] = ['node-1', 'node-2'].map((where) => reader(5_000, { where, answers }));
    await Promise.all([
      expect(one?.({ host: 'n' }, never)).rejects.toMatchObject({ message: saying('node-1: ssh') }),
      expect(two?.({ host: 'n' }, never)).rejects.toMatchObject({ message: saying('node-2: ssh') }),
    ]);
    await writeFile(join(dir, 'mended'), '');
    await expect(one?.({ host: 'n' }, never)).resolves.toMatchObject({ hostname: 'n' });
  });

  test('is asked for anew where everybody had left', async () => {
    await programme(`test -e '${dir}/quick' || exec sleep 60; echo 'hostname n'`);
    const answers = new ConfigAnswers();
    await expect(reader(200, { answers })({ host: 'n' }, never)).rejects.toMatchObject({
      code: 'ssh.config',
    });
    await writeFile(join(dir, 'quick'), '');
    await expect(reader(5_000, { answers })({ host: 'n' }, never)).resolves.toMatchObject({ hostname: 'n' });
  });

  test('does not wait for ever, nor for the children of ssh', async () => {
    await programme('sleep 60 & sleep 60');
    await expect(reader(200)({ host: 'node-1' }, never)).rejects.toMatchObject({ code: 'ssh.config' });
  });

  test('hears its signal', async () => {
    await programme('exec sleep 60');
    const controller = new AbortController();
    const asking = expect(reader()({ host: 'node-1' }, controller.signal)).rejects.toMatchObject({
      code: 'interrupted',
    });
    controller.abort();
    await asking;
  });
});
