/** What a rolling run did, at a glance: who needs somebody and why, then every node with what it took. */
import { roughDuration } from '../domain/duration.ts';
import { rollingStanding, type StandingNode, type StandingPhase } from '../domain/rolling-standing.ts';
import { restartIntended, type RunState } from '../domain/run.ts';
import type { RunEvent } from '../domain/run-events.ts';
import { printable } from '../domain/text.ts';
import { rollingWords } from './rolling-words.ts';
import { renderTable } from './table.ts';

const WORDS: Readonly<Record<StandingPhase, string>> = {
  untouched: 'not begun',
  'in hand': 'in hand',
  done: 'done',
  held: 'held, stays out',
  failed: 'failed',
  skipped: 'left out',
};
const NEEDS_SOMEBODY: ReadonlySet<StandingPhase> = new Set(['failed', 'held', 'in hand']);

/** The nodes of which everything is to be told, not only a line. */
export function nodesInDetail(state: RunState): readonly string[] {
  return (rollingStanding(state)?.nodes ?? [])
    .filter(({ phase }) => NEEDS_SOMEBODY.has(phase))
    .map(({ name }) => name);
}

/** @param incidents how often something else than planned happened on a node */
export function rollingReport(
  state: RunState,
  events: readonly RunEvent[],
  incidents: (node: string) => number,
  width: number,
): readonly string[] {
  const standing = rollingStanding(state);
  const [first] = events;
  if (standing === null || first?.type !== 'run.started') return [];
  const { rolling } = first.data.plan;
  const seen = timesOf(events);
  const failed = standing.nodes.filter(({ phase }) => phase === 'failed' || phase === 'held');
  const rows = standing.nodes.map((node) => {
    const times = seen.get(node.name);
    const of = (kind: string): string => duration(times?.steps.get(kind));
    const isOver = node.phase === 'done' || node.phase === 'failed' || node.phase === 'held';
    const count = incidents(node.name);
    return [
      times?.batch === undefined ? '-' : String(times.batch),
      node.name,
      WORDS[node.phase],
      of('wait_drained'),
      of('restart'),
      isOver && times !== undefined ? duration(workedOn(times)) : '-',
      count === 0 ? '' : String(count),
    ];
  });
  return [
    ...(rolling === undefined ? [] : [`  ${rollingWords(rolling)}`]),
    ...failed.flatMap((node) => ['', ...failureLines(node, state)]),
    '',
    ...renderTable(
      [
        { title: 'BATCH', align: 'right' },
        { title: 'NODE', least: 12 },
        { title: 'OUTCOME' },
        { title: 'DRAIN', align: 'right' },
        { title: 'RESTART', align: 'right' },
        { title: 'TOOK', align: 'right' },
        { title: 'NOTES', align: 'right' },
      ],
      rows,
      width,
    ),
    ...standing.nodes.flatMap(({ name, phase, why }) =>
      phase === 'skipped' ? [`left out: ${printable(name)}: ${printable(why ?? '', 1000)}`] : [],
    ),
  ];
}

function failureLines({ name, phase, why }: StandingNode, state: RunState): readonly string[] {
  const node = state.nodes[name];
  const becomes =
    node === undefined || node.effects.length === 0
      ? 'unchanged'
      : node.undo === 'done'
        ? 'given back as found'
        : node.undo === 'failed' || node.undo === 'unknown'
          ? 'perhaps not given back'
          : phase === 'held' || restartIntended(node)
            ? 'stays out'
            : '';
  return [
    `${WORDS[phase].replace(/,.*/, '')}: ${printable(name)}${becomes === '' ? '' : ` (${becomes})`}`,
    ...(why === null ? [] : [`  ${printable(why, 1000)}`]),
  ];
}

interface Times {
  /** Counted from 1 over all processes of the run. */
  readonly batch: number | undefined;
  /** Wall clock, ms: when the process that has it began it, behind the guard; and the end of its last step. */
  readonly from: number | undefined;
  readonly to: number;
  /** For how long processes before that one had it, ms. */
  readonly before: number;
  /** How long each step took that came to a good end, ms, by its kind. */
  readonly steps: ReadonlyMap<string, number>;
}

function workedOn({ from, to, before }: Times): number | undefined {
  return from === undefined && before === 0 ? undefined : before + (from === undefined ? 0 : to - from);
}

function timesOf(events: readonly RunEvent[]): ReadonlyMap<string, Times> {
  const times = new Map<string, Times>();
  let batches = 0;
  for (const event of events) {
    const at = Date.parse(event.at);
    if (event.type === 'batch.started') {
      batches += 1;
      for (const node of event.data.nodes) {
        const had = times.get(node);
        const before = had === undefined ? 0 : (workedOn(had) ?? 0);
        times.set(node, { batch: batches, from: undefined, to: at, before, steps: had?.steps ?? new Map() });
      }
      continue;
    }
    if (event.node === undefined || (event.type !== 'step.started' && event.type !== 'step.settled'))
      continue;
    const before = times.get(event.node) ?? {
      batch: undefined,
      from: undefined,
      to: at,
      before: 0,
      steps: new Map(),
    };
    const from = before.from ?? (event.step?.endsWith('/admit') === true ? undefined : at);
    const isDone = event.type === 'step.settled' && event.data.outcome === 'succeeded';
    const kind = event.step?.slice(event.step.indexOf('/') + 1) ?? '';
    const steps = isDone ? new Map(before.steps).set(kind, event.data.ms) : before.steps;
    times.set(event.node, { ...before, from, to: at, steps });
  }
  return times;
}

function duration(ms: number | null | undefined): string {
  return ms === null || ms === undefined || Number.isNaN(ms) ? '-' : roughDuration(Math.max(0, ms));
}
