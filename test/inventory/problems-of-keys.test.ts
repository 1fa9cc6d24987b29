import { describe, it } from 'vitest';
import { expectProblem, node, rest } from './problem-rows.ts';
import type { ProblemRow } from './problem-rows.ts';

const ROWS: readonly ProblemRow[] = [
  [
    'a label that is a number',
    node('labels: { rack: 7 }'),
    '6:84 nodes.node-1.labels.rack: YAML takes this for a number. Put it in quotes: the value of a label is expected here.',
  ],
  [
    'a bare secret',
    node('esl: { password: hunter2 }'),
    '6:85 nodes.node-1.esl.password: A secret does not stand here bare: write { env: NAME }, { file: PATH } or { literal: TEXT }.',
  ],
  [
    'a secret of two kinds',
    node('esl: { password: { env: A, literal: hunter2 } }'),
    /^6:75 nodes.node-1.esl.password: A secret is a map with exactly one key, env, file or literal/,
  ],
  [
    'a secret as a key',
    node('esl: { password: { hunter2 } }'),
    /^6:75 nodes.node-1.esl.password: A secret is a map with exactly one key, env, file or literal/,
  ],
  [
    'a secret that YAML takes for a number',
    node('esl: { password: { literal: 1234 } }'),
    '6:75 nodes.node-1.esl.password: What follows literal: has to be a text. Put it in quotes.',
  ],
  [
    'an empty secret',
    node("esl: { password: { literal: '' } }"),
    '6:75 nodes.node-1.esl.password: What follows literal: is empty.',
  ],
  [
    'a secret of two lines',
    node('esl: { password: { literal: "hunter2\\nexit" } }'),
    '6:75 nodes.node-1.esl.password: What follows literal: has line breaks or control characters in it.',
  ],
  [
    'a variable with its dollar',
    node("esl: { password: { env: '${PW}' } }"),
    '6:75 nodes.node-1.esl.password: What follows env: is not the name of a variable: write it without $ and braces.',
  ],
  [
    'an unknown key, nearly right',
    node('esl: { pasword: hunter2 }'),
    '6:75 nodes.node-1.esl.pasword: This key is not known here. Did you mean password?',
  ],
  [
    'an unknown key that belongs elsewhere',
    node('drain: { timeout: 1h }'),
    '6:68 nodes.node-1.drain: This key is not known here. It belongs at the top level.',
  ],
  [
    'an unknown key that belongs to several',
    rest('poll: 5s'),
    '8:1 poll: This key is not known here. It belongs under drain.',
  ],
  [
    'an unknown key',
    rest('timeouts: { bananas: 1 }'),
    '8:13 timeouts.bananas: This key is not known here. Known are connect, request, keepalive.',
  ],
  [
    'a key twice',
    rest('drain: { poll: 5s, poll: 6s }'),
    '8:20 drain.poll: This key stands here twice, first at line 8.',
  ],
];

describe('problems of keys and secrets', () => {
  it.each(ROWS)('%s', async (_what, parts, said) => {
    await expectProblem(parts, said);
  });
});
