import { expect, test } from 'vitest';
import { stage } from './run-stage.ts';
import { looks, stepBegins, stepEnds, UNTIL_OUT } from './run-stories.ts';

const WIDE = { columns: 120, rows: 40 };
const GONE = 'the process that runs it may be gone';
const RESTARTING = [
  ...UNTIL_OUT,
  ...looks(5, 40),
  [41, stepEnds('wait_drained', 38_000)],
  [41, stepBegins('restart')],
] as const;

test('a followed run that is silent in its restart is told to be, once no restart takes so long', () => {
  const followed = stage({ followed: true }).play(RESTARTING);
  expect(followed.at(41 + 179).text(WIDE)).not.toContain(GONE);
  expect(followed.at(41 + 181).text(WIDE)).toContain(GONE);
});

test('one of this process is never: it knows itself', () => {
  expect(stage().play(RESTARTING).at(3_600).text(WIDE)).not.toContain(GONE);
});
