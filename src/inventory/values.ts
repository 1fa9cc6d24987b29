/** Durations, shares, regular expressions, commands, paths: the texts of an inventory that are no addresses. */
import { DURATION_PATTERN, readDuration } from '../yaml/duration-text.ts';
import { quoted } from '../yaml/said-back.ts';
import { scalar, text, wrong, mismatch } from '../yaml/scalar.ts';
import type { Notes, Reading } from '../yaml/scalar.ts';

/** Ten years: what nobody waits for may be longer. */
const OLDEST = 87_600 * 3_600_000;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Milliseconds. `least` is the shortest that is allowed, in milliseconds. */
export function duration(notes: Notes, least = 1) {
  return scalar({ type: 'string', pattern: DURATION_PATTERN, ...notes }, (written) =>
    readDuration(written, least, 'a duration such as 30s'),
  );
}

/** Milliseconds that are compared with ages, an hour at least. */
export function age(notes: Notes) {
  return scalar({ type: 'string', pattern: DURATION_PATTERN, ...notes }, (written) =>
    readDuration(written, 3_600_000, 'a duration such as 2160h', OLDEST),
  );
}

/** Milliseconds, or null for `none`. */
export function durationOrNone(notes: Notes, least = 1) {
  const pattern = DURATION_PATTERN.replace('^(?=.)', '^none$|^(?=.)');
  return scalar<number | null>({ type: 'string', pattern, ...notes }, (written) =>
    written === 'none' ? { value: null } : readDuration(written, least, 'a duration such as 2h, or none,'),
  );
}

const PERCENTAGE = /^(\d{1,3})%$/;

function readPercentage(written: string, least: number, most: number): Reading<number> {
  const percent = Number(PERCENTAGE.exec(written)?.[1] ?? Number.NaN);
  if (percent >= least && percent <= most) return { value: percent };
  return wrong(`${quoted(written)} is not a percentage from ${least}% to ${most}%.`);
}

/** A share, 0 to 0.99, written as `20%`. */
export function percentage(notes: Notes) {
  return scalar({ type: 'string', pattern: '^[0-9]{1,2}%$', ...notes }, (written) => {
    if (typeof written === 'number') {
      const percent = Math.round(written < 1 ? written * 100 : written);
      return wrong(`A percentage needs its sign: write ${Math.min(99, Math.max(0, percent))}%.`);
    }
    if (typeof written !== 'string') return wrong(mismatch(written, 'a percentage such as 20%'));
    const reading = readPercentage(written, 0, 99);
    return 'value' in reading ? { value: reading.value / 100 } : reading;
  });
}

/** A number of nodes, or a percentage of them. */
export function countOrPercentage(notes: Notes) {
  const schema = {
    anyOf: [
      { type: 'integer', minimum: 1 },
      { type: 'string', pattern: '^([1-9][0-9]?|100)%$' },
    ],
    ...notes,
  };
  return scalar<number | `${number}%`>(schema, (written) => {
    if (typeof written === 'number') {
      const fits = Number.isSafeInteger(written) && written >= 1;
      return fits ? { value: written } : wrong(`${written} is not a number of nodes: 1 is the least.`);
    }
    if (typeof written !== 'string')
      return wrong(mismatch(written, 'a number such as 1 or a percentage such as 25%'));
    const reading = readPercentage(written, 1, 100);
    return 'value' in reading ? { value: `${reading.value}%` } : reading;
  });
}

/** A regular expression of JavaScript's, as text. */
export function regularExpression(notes: Notes) {
  return text('a regular expression', { format: 'regex', ...notes }, (written) => {
    try {
      new RegExp(written);
      return { value: written };
    } catch (error) {
      // "Invalid regular expression: /(/: Unterminated group": the last part says why.
      const why =
        error instanceof Error ? error.message.slice(error.message.lastIndexOf(': ') + 2) : 'not valid';
      return wrong(`${quoted(written)} is not a regular expression: ${why}.`);
    }
  });
}

/** A shell line. What it says is not shown in messages: people put passwords into commands. */
export function command(notes: Notes) {
  return text('a command', notes, (written) => {
    if (CONTROL.test(written))
      return wrong('A command is one line without control characters. For more than a line use a script.');
    return written.trim() === '' ? wrong('This command is empty.') : { value: written };
  });
}

/** A FreeSWITCH dial string, or null for `none`. */
export function dialString(notes: Notes) {
  return text<string | null>('a FreeSWITCH dial string, or none,', notes, (written) => {
    if (written === 'none') return { value: null };
    // On the wire a line break would end the command and begin another.
    if (CONTROL.test(written)) return wrong('A dial string is one line without control characters.');
    return written.trim() === ''
      ? wrong('This dial string is empty. Write none for no call.')
      : { value: written };
  });
}

/** A text without control characters, checked by a pattern where one is given. Not repeated in messages. */
export function word(expected: string, notes: Notes & { readonly pattern?: string }) {
  return text(expected, notes, (written) => {
    if (CONTROL.test(written)) return wrong('Control characters cannot be used here.');
    if (notes.pattern === undefined || new RegExp(notes.pattern).test(written)) return { value: written };
    return wrong(`This is not ${expected}.`);
  });
}

/** As written: `~/` is the home directory, and what is relative is so to the inventory's own directory. */
export function filePath(expected: string, notes: Notes) {
  return text(expected, notes, (written) => {
    if (CONTROL.test(written)) return wrong('Control characters cannot be used in a path.');
    if (/^~(?!\/|$)/.test(written))
      return wrong('Only ~/ is understood, the home directory of whoever runs fsha. Write the whole path.');
    return { value: written };
  });
}
