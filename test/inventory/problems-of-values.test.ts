import { describe, it } from 'vitest';
import { expectProblem, rest } from './problem-rows.ts';
import type { ProblemRow } from './problem-rows.ts';

const ROWS: readonly ProblemRow[] = [
  [
    'a duration without a unit',
    rest('drain: { timeout: 30 }'),
    '8:19 drain.timeout: A duration needs a unit: write 30s, or another of h, m, s, ms.',
  ],
  [
    'a duration without a unit, quoted',
    rest("drain: { timeout: '30' }"),
    '8:19 drain.timeout: A duration needs a unit: write 30s, or another of h, m, s, ms.',
  ],
  [
    'a duration of another form',
    rest("drain: { poll: '1,5h' }"),
    '8:16 drain.poll: "1,5h" is not a duration: write whole numbers with h, m, s, ms, largest first, such as 1h30m.',
  ],
  [
    'a duration in the wrong order',
    rest('drain: { timeout: 30m2h }'),
    '8:19 drain.timeout: "30m2h" is not a duration: write whole numbers with h, m, s, ms, largest first, such as 1h30m.',
  ],
  [
    'a duration that no timer keeps',
    rest('drain: { timeout: 597h }'),
    '8:19 drain.timeout: "597h" is too long: 596h is the most.',
  ],
  [
    'an age of more than ten years',
    rest('state: { keepAge: 87601h }'),
    '8:19 state.keepAge: "87601h" is too long: 87600h is the most.',
  ],
  [
    'journals that are gone before anybody reads them',
    rest('state: { keepAge: 59m }'),
    '8:19 state.keepAge: "59m" is too short: 1h is the least.',
  ],
  [
    'no journals at all',
    rest('state: { keepRuns: 0 }'),
    '8:20 state.keepRuns: 0 is not a whole number from 1 to 1000000.',
  ],
  [
    'a duration of nothing',
    rest('timeouts: { request: 0s }'),
    '8:22 timeouts.request: "0s" is too short: 1ms is the least.',
  ],
  [
    'a poll without a pause',
    rest('drain: { poll: 10ms }'),
    '8:16 drain.poll: "10ms" is too short: 100ms is the least.',
  ],
  [
    'none where it is not allowed',
    rest('drain: { settle: none }'),
    '8:18 drain.settle: "none" is not a duration: write whole numbers with h, m, s, ms, largest first, such as 1h30m.',
  ],
  [
    'nothing where a duration belongs',
    rest('drain: { settle: }'),
    '8:10 drain.settle: Nothing stands here: a duration such as 30s is expected.',
  ],
  ['an empty section', rest('drain:'), '8:1 drain: Nothing stands here: a map is expected.'],
  ['a list for a map', rest('drain: [1]'), '8:1 drain: This is a list: a map is expected here.'],
  [
    'a percentage without its sign',
    rest('rolling: { headroom: 0.2 }'),
    '8:22 rolling.headroom: A percentage needs its sign: write 20%.',
  ],
  [
    'a percentage over its range',
    rest('rolling: { headroom: 100% }'),
    '8:22 rolling.headroom: "100%" is not a percentage from 0% to 99%.',
  ],
  [
    'no node at a time',
    rest('rolling: { maxUnavailable: 0 }'),
    '8:28 rolling.maxUnavailable: 0 is not a number of nodes: 1 is the least.',
  ],
  [
    'no percent at a time',
    rest('rolling: { maxUnavailable: 0% }'),
    '8:28 rolling.maxUnavailable: "0%" is not a percentage from 1% to 100%.',
  ],
  [
    'an unknown word, nearly right',
    rest('drain: { onTimeout: restor }'),
    '8:21 drain.onTimeout: "restor" is not known here. Did you mean restore?',
  ],
  [
    'an unknown word',
    rest('drain: { fence: maybe }'),
    '8:17 drain.fence: "maybe" is not known here. Write one of zero, early, none.',
  ],
  [
    'a text for a boolean',
    rest('verify: { options: yes }'),
    '8:20 verify.options: This is a text: true or false is expected here.',
  ],
  [
    'a broken regular expression',
    rest("drain: { protect: ['^112$', '('] }"),
    '8:29 drain.protect[1]: "(" is not a regular expression: Unterminated group.',
  ],
  [
    'a broken regular expression for expendable calls',
    rest("drain: { expendable: ['^recorder-', '^a$', '[z-a]'] }"),
    '8:44 drain.expendable[2]: "[z-a]" is not a regular expression: Range out of order in character class.',
  ],
  [
    'a command for a node that is out with a time without a unit',
    rest('drain: { onOut: { command: stop-dialers hunter2, timeout: 30 } }'),
    '8:59 drain.onOut.timeout: A duration needs a unit: write 30s, or another of h, m, s, ms.',
  ],
  [
    'a command for a node that is out with no time',
    rest('drain: { onOut: { command: stop-dialers, timeout: none } }'),
    /^8:51 drain\.onOut\.timeout: "none" is not a duration/,
  ],
  [
    'a time and no command for a node that is out',
    rest('drain: { onOut: { timeout: 30s } }'),
    '8:10 drain.onOut.command: This key is missing: a command is expected.',
  ],
  [
    'an empty regular expression',
    rest("drain: { expendable: [''] }"),
    '8:23 drain.expendable[0]: This text is empty: a regular expression is expected here.',
  ],
  [
    'a number for a regular expression',
    rest('drain: { protect: [112] }'),
    '8:20 drain.protect[0]: YAML takes this for a number. Put it in quotes: a regular expression is expected here.',
  ],
  [
    'a hangup cause in small letters',
    rest('drain: { hangupCause: normal }'),
    '8:23 drain.hangupCause: This is not the name of a hangup cause, such as NORMAL_CLEARING.',
  ],
  [
    'a command of two lines',
    rest('restart: { command: "a\\nb" }'),
    '8:21 restart.command: A command is one line without control characters. For more than a line use a script.',
  ],
  [
    'a command with NUL',
    rest('restart: { command: "a\\0b" }'),
    '8:21 restart.command: A command is one line without control characters. For more than a line use a script.',
  ],
  [
    'a dial string of two lines',
    rest('verify: { call: "a\\r\\napi fsctl shutdown" }'),
    '8:17 verify.call: A dial string is one line without control characters.',
  ],
  [
    'a key pattern without *',
    rest("redis: { url: 'redis://h', keyPattern: call }"),
    '8:40 redis.keyPattern: This is not a pattern with one *.',
  ],
];

describe('problems of values', () => {
  it.each(ROWS)('%s', async (_what, parts, said) => {
    await expectProblem(parts, said);
  });
});
