import { appendFile, chmod, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ClusterRuns } from '../../src/domain/cluster-runs.ts';
import { FshaError } from '../../src/domain/errors.ts';
import type { LockState } from '../../src/domain/lock-holder.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { LastRuns } from '../../src/journal/last-runs.ts';
import type { RunLocks } from '../../src/journal/run-locks.ts';
import { asNobody, lockAway } from './as-nobody.ts';
import { disable, enveloped, lines, preflight, progress, restart, settled, started } from './events.ts';
import { eventsOf, journalOf, momentOf, runId, runsDirectory, writeJournal } from './runs-directory.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const FREE: LockState = { held: false };
const NOW = Date.parse('2026-12-01T00:00:00Z');

function reader(
  dir: string,
  options: {
    lock?: () => Promise<LockState>;
    guard?: RunLocks['guard'];
    nodes?: readonly string[];
    wall?: number;
    most?: number;
  } = {},
) {
  let now = 1_000;
  return new LastRuns({
    dir,
    cluster: 'voice-eu',
    locks: {
      name: 'bastion#aaaaaaaaaaaaaaaa:/var/lib/fsha/voice-eu.lock',
      cluster: options.lock ?? (() => Promise.resolve(FREE)),
      guard: options.guard ?? (() => Promise.resolve(null)),
    },
    nodes: options.nodes ?? ['node-1', 'node-2'],
    clock: { now: () => (now += 1), wall: () => new Date(options.wall ?? NOW) },
    ...(options.most === undefined ? {} : { most: options.most }),
  });
}

function held(index: number): LockState {
  const holder = { run: runId(index), command: 'drain node-1', who: 'ops@bastion', pid: 1, started: 1 };
  return { held: true, holder: { ...holder, since: momentOf(index) } };
}

const said = ({ last }: ClusterRuns, node = 'node-1') => {
  const one = last.get(node);
  return one === undefined ? null : [one.run, one.says];
};

const drain = [started(), preflight('node-1'), disable('node-1')];
const out = settled({ 'node-1': 'out of service' }, 6);
const back = settled({ 'node-1': 'in service' });
const hangUp: NewEvent[] = [
  {
    type: 'run.started',
    data: {
      ...(started().data as Extract<NewEvent, { type: 'run.started' }>['data']),
      command: 'calls node-1 --hangup',
      plan: { kind: 'hangup', nodes: [{ node: 'node-1', steps: [] }] },
    },
  },
];

describe('the last run that changed a node', () => {
  test('is the newest that meant to change its destinations', async () => {
    const dir = await runsDirectory(
      [...drain, back],
      [...drain, out],
      // Refused; of another node; of another cluster; a hang-up: none of them changed node-1.
      [started(), preflight('node-1'), settled({ 'node-1': 'in service' }, 3)],
      [
        started({ nodes: ['node-2'] }),
        preflight('node-2'),
        disable('node-2'),
        settled({ 'node-2': 'in service' }),
      ],
      [started({ cluster: 'voice-us' }), preflight('node-1'), disable('node-1'), back],
      hangUp,
    );
    const runs = await reader(dir).read();
    expect(said(runs)).toEqual([runId(1), 'out of service']);
    expect(said(runs, 'node-2')).toEqual([runId(3), 'in service']);
    expect(runs.last.get('node-1')).toMatchObject({
      command: 'drain node-1',
      who: 'ops@bastion',
      kind: 'drain',
      nodes: ['node-1'],
      settled: true,
      lastAt: momentOf(1, 3),
      found: [{ proxy: 'lb-1', flags: 'AP' }],
    });
    expect(runs.unfinished).toEqual([]);
    expect(runs.gaps).toEqual([]);
    expect(runs.known?.size).toBe(6);
  });

  test('says nothing of it while it is unfinished', async () => {
    const runs = await reader(await runsDirectory([...drain, back], drain)).read();
    expect(said(runs)).toEqual([runId(1), 'unknown']);
    expect(runs.last.get('node-1')).toMatchObject({ settled: false, lastAt: momentOf(1, 2) });
  });

  test('may be an older one that was resumed since', async () => {
    const dir = await runsDirectory([...drain, settled({ 'node-1': 'unknown' }, 9)], [...drain, out]);
    expect(said(await reader(dir).read())).toEqual([runId(1), 'out of service']);
    const resumed: NewEvent = { type: 'run.resumed', data: { who: 'eve@bastion', mode: 'forward' } };
    const later = eventsOf(3, [...drain, settled({}, 9), resumed, back]).slice(4);
    await appendFile(journalOf(dir, 0), lines(later.map((event) => ({ ...event, run: runId(0) }))));
    expect(said(await reader(dir).read())).toEqual([runId(0), 'in service']);
  });

  test('none where no run changed it', async () => {
    const runs = await reader(await runsDirectory([...drain, back]), { nodes: ['node-9'] }).read();
    expect(runs.last.size).toBe(0);
  });

  test('was the last one when its journal was looked at, if it had ended by then', async () => {
    const dir = await runsDirectory([...drain, back]);
    expect((await reader(dir).read()).last.get('node-1')?.seenAt).toBe(1_001);
    // Its end is still to come by this clock: all that is known is that it had ended when it had been read.
    const early = await reader(dir, { wall: Date.parse(momentOf(0)) }).read();
    expect(early.last.get('node-1')?.seenAt).toBeGreaterThan(1_001);
  });
});

describe('runs that have not come to their end', () => {
  test('with what they have done, newest first', async () => {
    const waiting: NewEvent = { type: 'step.started', node: 'node-1', step: 'node-1/wait_drained', data: {} };
    const dir = await runsDirectory(
      [...drain, restart('node-1')],
      [started()],
      [...drain, waiting, progress('node-1', 7)],
      hangUp,
      [...drain, back],
    );
    const { unfinished } = await reader(dir).read();
    expect(unfinished).toEqual([
      {
        run: runId(2),
        command: 'drain node-1',
        kind: 'drain',
        who: 'ops@bastion',
        since: momentOf(2),
        lastAt: momentOf(2, 4),
        nodes: ['node-1'],
        touched: ['node-1'],
        open: ['node-1'],
        changed: [{ node: 'node-1', proxy: 'lb-1' }],
        restartIntended: false,
        step: 'wait_drained',
        elsewhere: false,
        underWay: false,
      },
      expect.objectContaining({ run: runId(1), touched: [], lastAt: momentOf(1), step: null }),
      expect.objectContaining({ run: runId(0), restartIntended: true }),
    ]);
  });

  test('one that was resumed is whoever resumed it', async () => {
    const dir = await runsDirectory([
      ...drain,
      { type: 'run.resumed', data: { who: 'eve@b', mode: 'undo' } },
    ]);
    const { unfinished } = await reader(dir).read();
    expect(unfinished).toMatchObject([{ who: 'eve@b', since: momentOf(0, 3), lastAt: momentOf(0, 3) }]);
  });

  test('may be of another host: their lock says so', async () => {
    const under = (lock: string): NewEvent[] => {
      const first = started();
      return first.type === 'run.started' ? [{ ...first, data: { ...first.data, lock } }] : [];
    };
    const dir = await runsDirectory(
      under('bastion:/var/lib/fsha/voice-eu.lock'),
      under('other:/var/lib/fsha/voice-eu.lock'),
      under('bastion#0123456789abcdef:/var/lib/fsha/voice-eu.lock'),
      under('bastion#aaaaaaaaaaaaaaaa:/var/lib/fsha/voice-eu.lock'),
      [
        ...under('other:/var/lib/fsha/voice-eu.lock'),
        {
          type: 'run.resumed',
          data: { who: 'eve', mode: 'undo', lock: 'bastion:/var/lib/fsha/voice-eu.lock' },
        },
      ],
    );
    const { unfinished } = await reader(dir).read();
    expect(unfinished.map(({ run, elsewhere }) => [run, elsewhere])).toEqual([
      [runId(4), false],
      [runId(3), false],
      [runId(2), true],
      [runId(1), true],
      [runId(0), false],
    ]);
  });

  test('are read on as they grow, a torn line too', async () => {
    const dir = await runsDirectory(drain);
    const last = reader(dir);
    expect((await last.read()).unfinished).toMatchObject([{ restartIntended: false }]);
    const text = lines(eventsOf(0, [...drain, restart('node-1'), back]));
    const [, , , fourth = '', fifth = ''] = text.split('\n');
    await appendFile(journalOf(dir, 0), fourth.slice(0, 30));
    expect((await last.read()).unfinished).toMatchObject([{ restartIntended: false }]);
    await appendFile(journalOf(dir, 0), `${fourth.slice(30)}\n`);
    expect((await last.read()).unfinished).toMatchObject([{ restartIntended: true }]);
    await appendFile(journalOf(dir, 0), `${fifth}\n`);
    const runs = await last.read();
    expect(runs.unfinished).toEqual([]);
    expect(said(runs)).toEqual([runId(0), 'in service']);
    await appendFile(
      journalOf(dir, 0),
      `${JSON.stringify({ ...enveloped([started()], runId(0), 6)[0], type: 'run.resumed', data: { who: 'eve', mode: 'undo' } })}\n`,
    );
    expect((await last.read()).unfinished).toMatchObject([{ who: 'eve' }]);
  });

  test('one that ends while the lock is looked at was not interrupted', async () => {
    const dir = await runsDirectory([...drain, back], drain);
    const lock = async (): Promise<LockState> => {
      await appendFile(journalOf(dir, 1), `${lines(eventsOf(1, [...drain, back])).split('\n')[3]}\n`);
      return FREE;
    };
    const runs = await reader(dir, { lock }).read();
    expect(runs.unfinished).toEqual([]);
    expect(said(runs)).toEqual([runId(1), 'in service']);
  });

  test('go on where they hold the lock of the cluster, or that of a node which they keep out', async () => {
    const text = lines(eventsOf(1, drain)).replace('"kind":"drain"', '"kind":"deactivate"');
    const dir = await runsDirectory(drain, text, drain);
    const goOn = async (lock: LockState, guard: RunLocks['guard']) => {
      const { unfinished } = await reader(dir, { lock: () => Promise.resolve(lock), guard }).read();
      return unfinished.map(({ underWay }) => underWay);
    };
    const nobody = () => Promise.resolve(null);
    const guard = held(1);
    const named = () => Promise.resolve(guard.held ? guard.holder : null);
    expect(await goOn(FREE, nobody)).toEqual([false, false, false]);
    expect(await goOn(held(2), nobody)).toEqual([true, false, false]);
    expect(await goOn(held(1), nobody)).toEqual([false, true, false]);
    expect(await goOn(held(2), named)).toEqual([true, true, false]);
    expect(await goOn(FREE, () => Promise.resolve('unnamed'))).toEqual([false, true, false]);
    expect(await goOn(FREE, () => Promise.reject(new Error('no')))).toEqual([false, null, false]);
    expect(await goOn({ held: true, holder: null }, nobody)).toEqual([null, null, null]);
  });

  test('the lock is handed on, and where it cannot be told, said', async () => {
    const dir = await runsDirectory(drain);
    const lock = held(0);
    expect((await reader(dir, { lock: () => Promise.resolve(lock) }).read()).lock).toEqual(lock);
    const dark = await reader(dir, {
      lock: () => Promise.reject(new FshaError('journal', 'Cannot read the lock.')),
    }).read();
    expect(dark.lock).toBeNull();
    expect(dark.gaps).toEqual(['whether a run is under way is unknown: Cannot read the lock']);
  });
});

describe('what cannot be read', () => {
  test('a directory that is not there: nothing is known, and that is said', async () => {
    const dir = join(await temporaryDirectory(), 'none');
    const { gaps, missing, last, known, unfinished } = await reader(dir).read();
    expect([gaps, missing]).toEqual([[], dir]);
    expect([last.size, known?.size, unfinished.length]).toEqual([0, 0, 0]);
  });

  test('one without runs is as it should be', async () => {
    expect(await reader(await temporaryDirectory()).read()).toMatchObject({ gaps: [], missing: null });
  });

  test('one that is none is said too: nothing is known of any run', async () => {
    const dir = await temporaryDirectory();
    await writeFile(join(dir, 'runs'), '');
    const { gaps, known } = await reader(dir).read();
    expect(gaps).toEqual([
      `what runs did is unknown: Cannot read the journals in ${join(dir, 'runs')}: a part of its path is not a directory`,
    ]);
    expect(known).toBeNull();
  });

  test('one that can be read no more: what was known counts', async () => {
    const dir = await runsDirectory([...drain, out], drain);
    const last = reader(dir);
    const before = await last.read();
    await rename(join(dir, 'runs'), join(dir, 'away'));
    await writeFile(join(dir, 'runs'), '');
    const after = await last.read();
    expect(after.gaps).toHaveLength(1);
    expect({ ...after, gaps: [] }).toEqual(before);
  });

  test('one whose runs are taken away has none', async () => {
    const full = await runsDirectory([...drain, out]);
    const last = reader(full);
    expect(said(await last.read())).toEqual([runId(0), 'out of service']);
    await rm(join(full, 'runs'), { recursive: true });
    expect(said(await last.read())).toBeNull();
  });

  test('damaged journals are named, and hide nothing else', async () => {
    const dir = await runsDirectory([...drain, out], ...Array.from({ length: 5 }, () => 'nonsense\n'));
    const runs = await reader(dir).read();
    expect(said(runs)).toEqual([runId(0), 'out of service']);
    expect(runs.gaps).toEqual([
      ...[5, 4, 3].map(
        (index) =>
          `a journal cannot be read, and what its run did is unknown; move the file out of its directory before anything else: ${journalOf(dir, index)}:1: not a line of JSON`,
      ),
      '2 more journals cannot be read: see fsha runs',
    ]);
  });

  test('those that may not be read are told from damaged ones, and read once they may be', async () => {
    const dir = await runsDirectory([...drain, out], 'nonsense\n', [...drain, back]);
    await chmod(dir, 0o755);
    await chmod(join(dir, 'runs'), 0o755);
    await lockAway(journalOf(dir, 2));
    const last = reader(dir);
    const runs = await asNobody(() => last.read());
    expect(runs.gaps.filter((gap) => gap.includes(journalOf(dir, 2)))).toEqual([
      `what a run did is unknown; leave its journal where it is, fsha doctor says what to do: Cannot read the journal ${journalOf(dir, 2)}: permission denied`,
    ]);
    await chmod(journalOf(dir, 2), 0o644);
    expect(said(await last.read())).toEqual([runId(2), 'in service']);
  });

  test('one damaged in its middle may have changed each of its nodes: its end counts, what it found is unknown', async () => {
    const dir = await runsDirectory([...drain, out], [...drain, back]);
    const text = lines(eventsOf(1, [...drain, back])).replace('"seq":2', '"seq":7');
    await writeJournal(dir, 1, text);
    const runs = await reader(dir).read();
    expect(said(runs)).toEqual([runId(1), 'in service']);
    expect(runs.last.get('node-1')?.found).toBeNull();
    expect(runs.gaps).toHaveLength(1);
  });

  test('an unfinished one that is damaged is not forgotten, and not undone', async () => {
    const dir = await runsDirectory([...drain, back], '');
    await writeJournal(dir, 1, lines(eventsOf(1, drain)).replace('"seq":2', '"seq":7'));
    const runs = await reader(dir).read();
    expect(runs.unfinished).toMatchObject([
      { run: runId(1), touched: ['node-1'], restartIntended: true, lastAt: momentOf(1), damaged: true },
    ]);
    expect(said(runs)).toEqual([runId(1), 'unknown']);
  });

  test('of too many runs the newest are looked at, and that is said', async () => {
    const dir = await runsDirectory(drain, [...drain, out], [...drain, back]);
    const { gaps, unfinished, known } = await reader(dir, { most: 2 }).read();
    expect(unfinished).toEqual([]);
    expect(gaps).toEqual([`only the newest 2 of 3 runs in ${dir} were looked at`]);
    expect(known?.has(runId(0))).toBe(true);
  });
});

test('read again, what has not changed is not read', async () => {
  const dir = await runsDirectory([...drain, out], [...drain, back]);
  const last = reader(dir);
  const before = await last.read();
  expect((await last.read()).last.get('node-1')?.seenAt).toBe(before.last.get('node-1')?.seenAt);
});
