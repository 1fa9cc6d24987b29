/** What may be said to a person, and how things may fail. */
import { expect } from 'vitest';
import { FshaError, type ErrorCode } from '../../../src/domain/errors.ts';
import type { Known } from '../../../src/domain/observation.ts';

/** Controls, line and paragraph separators, and what turns the direction of writing. */
const STEERING = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Nothing in it can steer a terminal or forge a line. */
export function expectPrintable(text: string): void {
  const found = STEERING.exec(text);
  if (found !== null)
    expect.fail(`a control character at ${found.index} of ${JSON.stringify(text.slice(0, 400))}`);
}

/** A reason can be shown; a value of text too, where it is told to be. */
export function expectReason(reading: Known<unknown>): void {
  if (!reading.known) {
    expectPrintable(reading.why);
    if (reading.why === '') expect.fail('unknown without a reason');
    expectShort(reading.why);
  }
}

/** One of these errors, in words that can be shown. @param lines whether its message may have several */
export function expectTyped(thrown: unknown, codes: readonly ErrorCode[], lines = false): FshaError {
  if (!(thrown instanceof FshaError)) throw thrown;
  expect(codes).toContain(thrown.code);
  for (const line of lines ? thrown.message.split('\n') : [thrown.message]) {
    expectPrintable(line);
    expectShort(line);
  }
  expectPrintable(thrown.hint);
  return thrown;
}

/** What `work` gives, or undefined where it was refused by one of these errors. */
export function valueOr<T>(codes: readonly ErrorCode[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    expectTyped(error, codes);
    return undefined;
  }
}

function expectShort(text: string): void {
  if (text.length > 3_000) expect.fail(`${text.length} characters are no message`);
}
