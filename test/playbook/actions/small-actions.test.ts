import { describe, expect, test } from 'vitest';
import { runAssert } from '../../../src/playbook/actions/assert.ts';
import { runConfirm } from '../../../src/playbook/actions/confirm.ts';
import { notify, runNotify } from '../../../src/playbook/actions/notify.ts';
import { runPause } from '../../../src/playbook/actions/pause.ts';
import { ACTIONS } from '../../../src/playbook/actions/registry.ts';
import { runActions } from '../../../src/playbook/actions/run-registry.ts';
import { isOwnAction } from '../../../src/playbook/own-steps.ts';
import { FshaError } from '../../../src/domain/errors.ts';
import { createLocalCommand } from '../../../src/local/local-command.ts';
import type { HttpPort, HttpRequest } from '../../../src/workflow/outside-ports.ts';
import { outside } from '../../../src/cli/outside.ts';
import { carryOut, failureOf, SECRET } from './fake-around.ts';

test('every action that is no step of fsha’s own can be carried out', () => {
  const needed = ACTIONS.map(({ name }) => name).filter((name) => !isOwnAction(name) && name !== 'include');
  expect([...runActions(outside()).keys()].sort()).toEqual(needed.sort());
});

describe('pause', () => {
  test('waits so long', async () => {
    const before = performance.now();
    expect(await carryOut(runPause, { for: '80ms' })).toMatchObject({ ok: true });
    expect(performance.now() - before).toBeGreaterThan(75);
  });

  test('hears the signal', async () => {
    const stop = new AbortController();
    const running = failureOf(carryOut(runPause, { for: 4_000 }, { signal: stop.signal }));
    stop.abort();
    expect((await running).code).toBe('interrupted');
  });

  test('is not begun where the step has less time, or it is none', async () => {
    expect((await failureOf(carryOut(runPause, { for: '10s' }))).code).toBe('usage');
    expect((await failureOf(carryOut(runPause, { for: 'soon' }))).code).toBe('usage');
  });
});

describe('assert', () => {
  test.each([
    [true, true],
    [false, false],
    [[true, true], true],
    [[true, false], false],
  ])('%j: %s', async (that, ok) => {
    expect(await carryOut(runAssert, { that })).toMatchObject({ ok });
  });

  test('says which, and what the playbook says', async () => {
    expect(await carryOut(runAssert, { that: [true, false], message: 'too old' })).toMatchObject({
      said: 'too old (condition 2 of 2 does not hold)',
    });
  });

  test('what is neither true nor false does not hold', async () => {
    expect((await failureOf(carryOut(runAssert, { that: ['yes'] }))).message).toContain('a text');
    expect((await failureOf(carryOut(runAssert, { that: [] }))).code).toBe('action.failed');
  });
});

describe('confirm', () => {
  const params = { question: `Go on with ${SECRET}?`, answer: 'go' };

  test.each([
    ['yes', true],
    [' YES ', true],
    ['y', false],
    ['', false],
  ])('%j: %s', async (answer, ok) => {
    const asked: string[] = [];
    const ask = async ({ text }: { readonly text: string }): Promise<string> => {
      asked.push(text);
      return answer;
    };
    expect(await carryOut(runConfirm, params, { ask })).toMatchObject({ ok });
    expect(asked).toEqual(['Go on with ********?']);
  });
});

describe('notify', () => {
  const posts = (status: number | FshaError): { client: HttpPort; sent: HttpRequest[] } => {
    const sent: HttpRequest[] = [];
    const request = async (asked: HttpRequest): ReturnType<HttpPort['request']> => {
      sent.push(asked);
      if (typeof status !== 'number') throw status;
      return { status, headers: {}, body: '' };
    };
    return { client: { request }, sent };
  };
  const params = { url: 'http://hooks.test/x', text: `drained ${SECRET}` };

  test('a webhook gets who, where and what, without secrets', async () => {
    const { client, sent } = posts(204);
    expect(await carryOut(runNotify(client), params)).toMatchObject({ ok: true, sent: true, problem: '' });
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({
      text: 'drained ********',
      node: 'node-1',
      run: '20261123-120000-0abc',
      playbook: 'test',
      step: 'a step',
    });
  });

  test.each([500, 302, new FshaError('connect.refused', 'refused')])(
    'that it does not arrive (%s) is told, and fails where it is required',
    async (end) => {
      const { client } = posts(end);
      const lax = await carryOut(runNotify(client), params);
      expect(lax).toMatchObject({ ok: true, sent: false });
      expect(lax['problem']).not.toBe('');
      expect(await carryOut(runNotify(client), { ...params, required: true })).toMatchObject({ ok: false });
    },
  );

  test('a stop is no problem of the message', async () => {
    const { client } = posts(new FshaError('interrupted', 'stopped'));
    expect((await failureOf(carryOut(runNotify(client), params))).code).toBe('interrupted');
  });

  const local = { world: { local: createLocalCommand() } };

  test('a command gets the text by its environment', async () => {
    const { client, sent } = posts(200);
    const command = `test "$FSHA_TEXT" = "it's done" && test "$FSHA_NODE" = node-1`;
    expect(await carryOut(runNotify(client), { command, text: "it's done" }, local)).toMatchObject({
      sent: true,
    });
    expect(sent).toEqual([]);
  });

  test('a command that fails, that hangs, that has a secret in it', async () => {
    const run = runNotify(posts(200).client);
    expect(await carryOut(run, { command: 'echo no mail >&2; exit 3', text: 'x' }, local)).toMatchObject({
      ok: true,
      sent: false,
      problem: 'exit status 3: no mail',
    });
    expect(await carryOut(run, { command: 'sleep 20', text: 'x' }, { ...local, time: 150 })).toMatchObject({
      sent: false,
    });
    expect((await failureOf(carryOut(run, { command: `x ${SECRET}`, text: 'x' }, local))).code).toBe('usage');
  });

  test.each([
    [{ text: 'x' }, 1],
    [{ url: 'u', command: 'c', text: 'x' }, 1],
    [{ url: 'u' }, 1],
    [{ command: 'c', json: {} }, 1],
    [{ url: 'u', json: {} }, 0],
    [{ command: 'c', text: 'x' }, 0],
  ])('%j has %i problems', (given, count) => {
    expect(notify.check?.(given) ?? []).toHaveLength(count);
  });
});
