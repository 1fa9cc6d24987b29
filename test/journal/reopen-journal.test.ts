import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/domain/run-events.ts';
import { openJournal } from '../../src/journal/journal-file.ts';
import { journalPath } from '../../src/journal/journal-path.ts';
import { readJournal } from '../../src/journal/read-journal.ts';
import { reopenJournal } from '../../src/journal/reopen-journal.ts';
import { newRunId } from '../../src/journal/run-id.ts';
import { policy } from '../domain/builders.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const step = (run: string, seq: number): RunEvent => ({
  v: 1,
  seq,
  at: '2026-11-22T20:10:00.000Z',
  mono: seq,
  run,
  type: 'step.started',
  node: 'node-1',
  step: 'node-1/preflight',
  data: {},
});

/** A journal of three events, whose process has ended. */
async function interrupted(): Promise<{ dir: string; run: string; path: string }> {
  const dir = await temporaryDirectory();
  const run = newRunId(new Date());
  const journal = await openJournal({ dir, run, cluster: 'voice' });
  await journal.append({
    v: 1,
    seq: 1,
    at: '2026-11-22T20:10:00.000Z',
    mono: 1,
    run,
    type: 'run.started',
    data: {
      command: 'drain node-1',
      reason: null,
      who: 'ops@bastion',
      cluster: 'voice',
      inventory: { path: '/x', sha256: 'ab' },
      policy: policy(),
      plan: { kind: 'drain', nodes: [] },
    },
  });
  await journal.append(step(run, 2));
  await journal.append(step(run, 3));
  await journal.close();
  return { dir, run, path: journalPath(dir, run) };
}

describe('reopenJournal', () => {
  it('gives what is there, and goes on behind it', async () => {
    const { dir, run, path } = await interrupted();
    const { journal, events } = await reopenJournal({ dir, run, cluster: 'voice' });
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    await journal.append(step(run, 4));
    await journal.close();
    expect((await readJournal(path)).events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it('refuses an event out of order', async () => {
    const { dir, run } = await interrupted();
    const { journal } = await reopenJournal({ dir, run, cluster: 'voice' });
    await expect(journal.append(step(run, 3))).rejects.toThrow(/event 3 follows 3/);
    await journal.close();
  });

  it('cuts off what its last process left unfinished, however long, and nothing else', async () => {
    for (const torn of ['{', '{"v":1,"seq":4,"at":"2026', `{"v":1,"x":"${'y'.repeat(200_000)}`]) {
      const { dir, run, path } = await interrupted();
      const whole = await readFile(path, 'utf8');
      await appendFile(path, torn);
      const { journal, events } = await reopenJournal({ dir, run, cluster: 'voice' });
      expect(events).toHaveLength(3);
      expect(await readFile(path, 'utf8')).toBe(whole);
      await journal.append(step(run, 4));
      await journal.close();
      const read = await readJournal(path);
      expect([read.events.length, read.torn]).toEqual([4, false]);
    }
  });

  it('a journal of which nothing is whole begins anew', async () => {
    const { dir, run, path } = await interrupted();
    await writeFile(path, '{"v":1,"se');
    const { journal, events } = await reopenJournal({ dir, run, cluster: 'voice' });
    await journal.close();
    expect([events, await readFile(path, 'utf8')]).toEqual([[], '']);
  });

  it('leaves a damaged one as it is, and names it', async () => {
    const { dir, run, path } = await interrupted();
    const lines = (await readFile(path, 'utf8')).split('\n');
    const damaged = [lines[0], 'garbage', lines[2], ''].join('\n');
    await writeFile(path, damaged);
    await expect(reopenJournal({ dir, run, cluster: 'voice' })).rejects.toThrow(path);
    expect(await readFile(path, 'utf8')).toBe(damaged);
  });

  it('names one that is not there', async () => {
    const { dir } = await interrupted();
    const run = newRunId(new Date(0));
    await expect(reopenJournal({ dir, run, cluster: 'voice' })).rejects.toThrow(/no such file/);
  });
});
