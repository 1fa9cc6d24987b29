import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Call } from '../../src/cli/command.ts';
import { questions, readAnswers, requireAnswers } from '../../src/cli/questions.ts';

type Asked = Pick<Call, 'host' | 'globals' | 'options'>;

function person(
  isTTY: boolean,
  options: Call['options'] = {},
): {
  call: Asked;
  types: (text: string) => void;
  ends: () => void;
  sees: () => string;
} {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = Object.assign(new PassThrough(), { isTTY });
  let seen = '';
  stderr.on('data', (chunk: Buffer) => (seen += chunk.toString('utf8')));
  const call = { host: { stdin, stderr }, globals: { json: false }, options } as unknown as Asked;
  return { call, types: (text) => stdin.write(text), ends: () => stdin.end(), sees: () => seen };
}

const signal = new AbortController().signal;
const NO_ANSWERS = new Map<string, string>();

describe('readAnswers', () => {
  test('NAME=ANSWER, the answer as it is', () => {
    expect([...readAnswers(['go=yes', 'why=a=b', 'x='])]).toEqual([
      ['go', 'yes'],
      ['why', 'a=b'],
      ['x', ''],
    ]);
  });

  test.each(['go', '=yes', 'Go=yes', '1=yes'])('%s is none', (option) => {
    expect(() => readAnswers([option])).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('before the run', () => {
  test('without a terminal every question needs its answer', () => {
    const { call } = person(false);
    expect(() => requireAnswers(call, ['go', 'on'], new Map([['go', 'yes']]))).toThrow(
      expect.objectContaining({ code: 'refused', hint: 'Say --answer on=yes if that is meant.' }),
    );
    requireAnswers(call, ['go', 'on'], readAnswers(['go=yes', 'on=no']));
  });

  test('nor can anybody be asked before each step', () => {
    const step = { step: true };
    expect(() => requireAnswers(person(false, step).call, [], NO_ANSWERS)).toThrow(
      expect.objectContaining({ code: 'refused', message: expect.stringContaining('--step') as string }),
    );
    requireAnswers(person(true, step).call, [], NO_ANSWERS);
  });

  test('with one, none', () => {
    requireAnswers(person(true).call, ['go'], NO_ANSWERS);
  });

  test('an answer to nothing is a mistake', () => {
    expect(() => requireAnswers(person(true).call, ['go'], readAnswers(['og=yes']))).toThrow(
      expect.objectContaining({ code: 'usage', hint: 'It asks: go.' }),
    );
  });
});

describe('asking', () => {
  test('what was answered beforehand is not asked', async () => {
    const { call, sees } = person(true);
    const asker = questions(call, readAnswers(['go=yes']));
    expect(await asker.ask({ name: 'go', text: 'Go on?' }, signal)).toBe('yes');
    expect(sees()).toBe('');
  });

  test('who is there is asked, one question at a time', async () => {
    const { call, types, sees } = person(true);
    const asker = questions(call, NO_ANSWERS);
    const first = asker.ask({ name: 'a', text: 'First\u001b[2J?' }, signal);
    const second = asker.ask({ name: 'b', text: 'Second?' }, signal);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sees()).toContain('First\ufffd[2J?');
    expect(sees()).not.toContain('Second?');
    types('yes\n');
    expect(await first).toBe('yes');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sees()).toContain('Second?');
    types('no\n');
    expect(await second).toBe('no');
  });

  test('the end of input is no answer', async () => {
    const { call, ends } = person(true);
    const asked = questions(call, NO_ANSWERS).ask({ name: 'a', text: 'Go on?' }, signal);
    setTimeout(ends, 20);
    expect(await asked).toBe('');
  });

  test('a stop ends it, and the next question is asked all the same', async () => {
    const { call, types } = person(true);
    const asker = questions(call, NO_ANSWERS);
    const stop = new AbortController();
    const stopped = asker.ask({ name: 'a', text: 'Go on?' }, stop.signal);
    setTimeout(() => stop.abort(), 20);
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    const next = asker.ask({ name: 'b', text: 'And now?' }, signal);
    setTimeout(() => types('yes\n'), 20);
    expect(await next).toBe('yes');
  });

  test('nobody is there', async () => {
    const asker = questions(person(false).call, NO_ANSWERS);
    await expect(asker.ask({ name: 'go', text: 'Go on?' }, signal)).rejects.toMatchObject({
      code: 'refused',
      hint: 'Say --answer go=yes if that is meant.',
    });
  });
});
