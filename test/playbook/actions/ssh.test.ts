import { describe, expect, test } from 'vitest';
import { runSsh, ssh } from '../../../src/playbook/actions/ssh.ts';
import { FshaError } from '../../../src/domain/errors.ts';
import type { CommandResult, HostPort } from '../../../src/workflow/ports.ts';
import { carryOut, failureOf, SECRET } from './fake-around.ts';

interface Sent {
  readonly command: string;
  readonly stdin: string;
}

function hostThat(answer: (sent: Sent, signal: AbortSignal) => Promise<Partial<CommandResult>>): {
  hosts: Map<string, HostPort>;
  sent: Sent[];
} {
  const sent: Sent[] = [];
  const host = {
    run: async (command: string, _timeout: number, signal: AbortSignal, stdin?: string | Uint8Array) => {
      const one = { command, stdin: stdin === undefined ? '' : Buffer.from(stdin).toString('utf8') };
      sent.push(one);
      return { exitCode: 0, signal: null, stdout: '', stderr: '', ...(await answer(one, signal)) };
    },
  } as unknown as HostPort;
  return { hosts: new Map([['node-1', host]]), sent };
}

describe('ssh', () => {
  test('the words of a list are quoted, each by itself', async () => {
    const { hosts, sent } = hostThat(async () => ({ stdout: '1.10.12\n' }));
    const result = await carryOut(runSsh, { run: ['echo', `a'; rm -rf /`, '$HOME'] }, { world: { hosts } });
    expect(result).toMatchObject({ ok: true, code: 0, stdout: '1.10.12', stderr: '' });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.command).toContain(String.raw`'\''$HOME'\''`);
  });

  test('what it writes is stripped of what steers a terminal; its lines stay', async () => {
    const { hosts } = hostThat(async () => ({ stdout: 'a\r\nb\u001b[2J\u202e\n\n' }));
    expect(await carryOut(runSsh, { run: 'x' }, { world: { hosts } })).toMatchObject({
      stdout: 'a\nb\ufffd[2J\ufffd',
    });
  });

  test.each([
    [{ run: 'x' }, false],
    [{ run: 'x', codes: [0, 3] }, true],
    [{ run: 'x', codes: [3] }, true],
  ])('%j with exit code 3: ok %s', async (params, ok) => {
    const { hosts } = hostThat(async () => ({ exitCode: 3, stderr: 'a\nno such thing\n' }));
    expect(await carryOut(runSsh, params, { world: { hosts } })).toMatchObject({
      ok,
      code: 3,
      said: 'exit status 3: no such thing',
    });
  });

  test('ended by a signal is no success, whatever the codes', async () => {
    const { hosts } = hostThat(async () => ({ exitCode: null, signal: 'KILL' }));
    expect(await carryOut(runSsh, { run: 'x', codes: [0, 255] }, { world: { hosts } })).toMatchObject({
      ok: false,
      code: -1,
      said: 'ended by KILL',
    });
  });

  test('a secret in the command is refused before anything is sent, without being told', async () => {
    const { hosts, sent } = hostThat(async () => ({}));
    for (const run of [`x ${SECRET}`, ['x', `--password=${SECRET}`]]) {
      const { code, message } = await failureOf(carryOut(runSsh, { run }, { world: { hosts } }));
      expect(code).toBe('usage');
      expect(message).not.toContain(SECRET);
    }
    expect(sent).toEqual([]);
  });

  test('secrets go by stdin, and not in the line', async () => {
    const { hosts, sent } = hostThat(async () => ({}));
    await carryOut(runSsh, { run: 'x', env: { TOKEN: SECRET }, stdin: 'more' }, { world: { hosts } });
    expect(sent[0]?.stdin).toBe(`${SECRET}\nmore`);
    expect(sent[0]?.command).not.toContain(SECRET);
  });

  test.each([{ 'A;id': 'x' }, { A: 'two\nlines' }])('no variable: %j', async (env) => {
    const { hosts, sent } = hostThat(async () => ({}));
    expect((await failureOf(carryOut(runSsh, { run: 'x', env }, { world: { hosts } }))).code).toBe('usage');
    expect(sent).toEqual([]);
  });

  test('interrupted: it is ended on the host, too', async () => {
    const stop = new AbortController();
    const { hosts, sent } = hostThat(async ({ command }, signal) => {
      if (command.includes('pkill')) return {};
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(new FshaError('interrupted', 'it was interrupted'))),
      );
    });
    const running = failureOf(carryOut(runSsh, { run: 'x' }, { world: { hosts }, signal: stop.signal }));
    stop.abort();
    expect((await running).code).toBe('interrupted');
    expect(sent).toHaveLength(2);
    const token = /fsha-step-([0-9a-f-]+)/.exec(sent[0]?.command ?? '')?.[1] ?? 'none';
    expect(sent[1]?.command).toContain(token);
  });

  test('a host that is none', async () => {
    const { hosts } = hostThat(async () => ({}));
    const failure = await failureOf(carryOut(runSsh, { run: 'x', on: 'node-9' }, { world: { hosts } }));
    expect(failure.message).toContain('"node-9" is no node and no proxy');
  });

  test('what is said to read only is not announced', () => {
    expect(ssh.changes({ run: 'x', reads: true })).toBe('nothing');
    expect(ssh.changes({ run: 'x' })).toBe('node');
  });
});
