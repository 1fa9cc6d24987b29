import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { writeStatusLines, type StatusLinesOptions } from '../../src/cli/status-lines.ts';
import { known, type NodeObservation, unknown } from '../../src/domain/observation.ts';
import type { RunNote, RunNotes } from '../../src/domain/run-notes.ts';
import { Watcher } from '../../src/workflow/watcher.ts';
import { cluster, seenNode, seenProxy } from '../output/events.ts';
import { ManualClock } from '../support/manual-clock.ts';

const of = cluster(['node-1', 'node-2'], ['lb-1']);
const NOTHING: RunNotes = {
  wall: 0,
  runs: [],
  contradictions: [],
  marks: {},
  last: {},
  missing: null,
  gaps: [],
};
const DRAIN: RunNote = {
  run: '20261122-213134-k3f9',
  command: 'drain node-1',
  who: 'ops@bastion',
  state: 'left-out',
  nodes: ['node-1'],
  since: '2026-11-22T21:31:34.000Z',
  step: null,
  changed: true,
  next: ['fsha activate node-1'],
};

/** A cluster whose nodes say what the test lets them say, and what is written about it. */
function trial(form: StatusLinesOptions['form'], options: { readonly dead?: string } = {}) {
  const clock = new ManualClock();
  const says = new Map<string, Partial<NodeObservation>>();
  const nodes = of.nodes.map(({ name }) => ({
    node: name,
    observe: async (_detail: string, signal: AbortSignal) => {
      const at = clock.now();
      if (name === options.dead) await clock.sleep(86_400_000, signal);
      return seenNode(name, { at, uptimeMs: known(at), ...says.get(name) });
    },
  }));
  const proxy = {
    proxy: 'lb-1',
    observe: async () => seenProxy('lb-1', ['AP', 'AP'], { at: clock.now() }),
    login: async () => undefined,
    setState: async () => undefined,
    ask: () => Promise.reject(new Error('nobody asks in these tests')),
    close: async () => undefined,
  };
  const watcher = new Watcher(nodes, [proxy], clock, 5_000);
  const written: string[] = [];
  const out = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, done) => {
      written.push(String(chunk));
      done();
    },
  });
  const stop = new AbortController();
  const runs: { notes: RunNotes | null } = { notes: null };
  watcher.start();
  const running = writeStatusLines({
    cluster: of,
    watcher,
    runs: {
      latest: () => runs.notes,
      look: () => Promise.resolve((runs.notes ??= NOTHING)),
    },
    poll: 5_000,
    clock,
    out,
    form,
    signal: stop.signal,
  });
  return {
    clock,
    says,
    runs,
    out,
    written,
    running,
    /** Without the time of day, which is another one in each time zone. */
    lines: () => written.map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, '')),
    end: async () => {
      stop.abort();
      const lost = await running;
      await watcher.stop();
      expect(clock.sleeping).toBe(0);
      return lost;
    },
  };
}

const CALM = 'voice-eu: 2 nodes, 1 proxy: 2 in service, 74 sessions\n';

test('begins when everything was read, and tells each change once', async () => {
  const { clock, says, lines, end } = trial('lines');
  await clock.pass(0);
  expect(lines()).toEqual([CALM]);
  says.set('node-2', { calls: unknown('-ERR Database error!') });
  await clock.pass(20_000);
  expect(lines().slice(1)).toEqual(['node-2: calls unknown: -ERR Database error!\n']);
  expect(await end()).toBe(0);
});

test('who never answers holds up the beginning for two polls, and nothing afterwards', async () => {
  const { clock, says, lines, end } = trial('lines', { dead: 'node-1' });
  await clock.pass(9_900);
  expect(lines()).toEqual([]);
  await clock.pass(200);
  expect(lines()).toEqual([
    'voice-eu: 2 nodes, 1 proxy: 2 in service, 37 sessions (of 1 node unknown)\n',
    'node-1: unknown: it was not read\n',
  ]);
  says.set('node-2', { ready: known(false) });
  await clock.pass(6_000);
  expect(lines().slice(2)).toEqual(['node-2: not ready\n']);
  await end();
});

test('where nothing changes it says so every five minutes', async () => {
  const { clock, lines, end } = trial('lines');
  await clock.pass(299_000);
  expect(lines()).toEqual([CALM]);
  await clock.pass(602_000);
  expect(lines()).toEqual([CALM, CALM, CALM, CALM]);
  await end();
});

test('--quiet: only what is to be looked after', async () => {
  const { clock, says, lines, end } = trial('quiet');
  await clock.pass(0);
  says.set('node-1', { ready: known(false) });
  await clock.pass(6_000);
  says.delete('node-1');
  await clock.pass(400_000);
  expect(lines()).toEqual(['node-1: not ready\n']);
  await end();
});

test('--json: a document where something but the time has changed', async () => {
  const { clock, says, written, end } = trial('json');
  await clock.pass(60_000);
  expect(written).toHaveLength(1);
  says.set('node-1', { sessions: known(38) });
  await clock.pass(60_000);
  expect(written).toHaveLength(2);
  await clock.pass(300_000);
  expect(written).toHaveLength(3);
  const sessions = written.map(
    (line) => (JSON.parse(line) as { nodes: { sessions: number }[] }).nodes[0]?.sessions,
  );
  expect(sessions).toEqual([37, 38, 38]);
  await end();
});

test('runs are told beside the cluster, in lines and in documents', async () => {
  const inText = trial('quiet');
  await inText.clock.pass(0);
  inText.runs.notes = { ...NOTHING, wall: Date.parse('2026-11-22T23:31:34Z'), runs: [DRAIN] };
  await inText.clock.pass(60_000);
  expect(inText.lines()).toEqual([
    'node-1 was left out by run 20261122-213134-k3f9 (drain node-1, ops@bastion, 2h0m ago): fsha activate node-1\n',
  ]);
  await inText.end();
  const asJson = trial('json');
  await asJson.clock.pass(0);
  asJson.runs.notes = { ...NOTHING, runs: [DRAIN] };
  await asJson.clock.pass(60_000);
  const runs = asJson.written.map((line) => (JSON.parse(line) as { runs: { state: string }[] }).runs);
  expect(runs).toEqual([[], [expect.objectContaining({ state: 'left-out', next: DRAIN.next })]]);
  await asJson.end();
});

test('ends by itself where nobody reads any more', async () => {
  const { clock, out, running, end } = trial('lines');
  await clock.pass(0);
  out.destroy();
  await clock.pass(2_000);
  expect(await running).toBe(0);
  await end();
});
