/** What the journals of a host know of a run that a mark names. */
import { appendFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { LockUse } from '../../src/domain/lock-holder.ts';
import type { Whereabouts } from '../../src/domain/mark.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { whereaboutsOf } from '../../src/journal/whereabouts.ts';
import { disable, lines, preflight, settled, started } from './events.ts';
import { eventsOf, journalOf, runId, runsDirectory } from './runs-directory.ts';

const BEGUN = [started(), preflight('node-1'), disable('node-1')];
const FREE: LockUse = { held: false };

async function told(run: readonly NewEvent[] | string, more = '', use: LockUse = FREE): Promise<Whereabouts> {
  const dir = await runsDirectory(run);
  if (more !== '') await appendFile(journalOf(dir, 0), more);
  return whereaboutsOf(dir, runId(0), { name: 'here', use: () => Promise.resolve(use) });
}
/** Between a good beginning and a good end. */
const inTheMiddle = lines(eventsOf(0, BEGUN)).replace('\n', '\nnonsense\n');

test('it has ended, or was interrupted, or is under way', async () => {
  expect(await told([...BEGUN, settled({ 'node-1': 'out of service' }, 6)])).toBe('ended');
  expect(await told(BEGUN)).toBe('interrupted');
  expect(await told(BEGUN, '', { held: true, run: runId(0) })).toBe('under way');
});

test('an unfinished last line is no damage', async () => {
  expect(await told(BEGUN, '{"v":1,"seq"')).toBe('interrupted');
});

test('damaged between its ends, where nothing that goes on with it would get past', async () => {
  expect(await told(inTheMiddle)).toBe('damaged');
  expect(await told(inTheMiddle, '', { held: true, run: runId(0) })).toBe('under way');
});
