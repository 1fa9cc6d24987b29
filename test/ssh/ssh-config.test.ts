import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseConfigOutput, type UserConfig, userConfigReader } from '../../src/ssh/ssh-config.ts';
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

  function reader(timeout = 5_000): ReturnType<typeof userConfigReader> {
    return userConfigReader({
      where: 'node-1',
      env: { PATH: `${dir}:/usr/bin:/bin` },
      configFile: '/x/y',
      timeout,
    });
  }

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
