/** The text of `fsha show RUN`: what a run did, from its events. */
import { roughDuration } from '../domain/duration.ts';
import { type EffectRecord, fold, type NodeRunState, type RunState } from '../domain/run.ts';
import type { EventOf, EventType, RunEvent } from '../domain/run-events.ts';
import { printable } from '../domain/text.ts';
import { type CutCall, cutCallLine, CutCalls } from './call-words.ts';
import { effectReading, effectTarget } from './effect-words.ts';
import { localSecond } from './local-time.ts';
import { nodesInDetail, rollingReport } from './rolling-report.ts';
import { sayEvent } from './sentences/registry.ts';
import { type Level, SentenceMemory } from './sentences/sentence.ts';
import { renderTable } from './table.ts';
import { verdictLines } from './verdict-list.ts';

export interface RunReportOptions {
  readonly verbose: boolean;
  /** The journal's last line is unfinished. */
  readonly torn?: boolean;
  readonly width?: number;
}

/** Header, then for each node its verdicts, steps, effects and what happened to it, then the end. */
export function runReport(events: readonly RunEvent[], options: RunReportOptions): readonly string[] {
  const [first] = events;
  if (first?.type !== 'run.started') return ['nothing was recorded of this run: it did nothing'];
  const state = fold(events);
  if (state === undefined) return [];
  const sentences = incidents(events);
  const cut = new CutCalls();
  for (const event of events) cut.note(event);
  const isRolling = state.plan.rolling !== undefined;
  const wanted = isRolling && !options.verbose ? new Set(nodesInDetail(state)) : null;
  const about = Object.entries(state.nodes).flatMap(([name, node]) => {
    const calls = cutSection(cut.all().filter((one) => one.node === name));
    const isTold = wanted === null ? !isRolling || hasBegun(node) : wanted.has(name);
    if (!isTold && calls.length === 0) return [];
    return ['', printable(name), ...(isTold ? nodeLines(name, node, sentences, options) : []), ...calls];
  });
  const notes = (name: string): number =>
    (sentences.get(name) ?? []).filter((text) => !text.startsWith(' ')).length;
  return [
    ...header(first),
    ...(isRolling ? rollingReport(state, events, notes, options.width ?? 80) : []),
    ...about,
    ...section('the run', sentences.get('') ?? []),
    '',
    ...endLines(state, events, options),
  ];
}

function hasBegun({ steps, effects }: NodeRunState): boolean {
  return effects.length > 0 || Object.keys(steps).length > 0;
}

function header({ run, at, data }: EventOf<'run.started'>): readonly string[] {
  return [
    `run ${printable(run)} on ${printable(data.cluster)}: ${printable(data.command, 1000)}`,
    `  started ${localSecond(at)} by ${printable(data.who)}${data.reason === null ? '' : `, reason: ${printable(data.reason, 1000)}`}`,
    `  inventory ${printable(data.inventory.path, 1000)} (sha256 ${printable(data.inventory.sha256).slice(0, 12)})`,
  ];
}

function nodeLines(
  name: string,
  node: NodeRunState,
  sentences: ReadonlyMap<string, readonly string[]>,
  options: RunReportOptions,
): readonly string[] {
  const width = (options.width ?? 80) - 2;
  const steps = Object.entries(node.steps).map(([id, { outcome, ms }]) => [
    id.slice(id.indexOf('/') + 1),
    outcome ?? 'under way',
    ms === null ? '-' : roughDuration(ms),
  ]);
  // Calls have a list of their own, by call and not by leg.
  const effects = node.effects.filter(({ intent }) => intent.effect !== 'call.hangup');
  return [
    ...verdictLines(node.verdicts, { verbose: options.verbose, about: name }).map((line) => `  ${line}`),
    ...(steps.length === 0
      ? []
      : table([{ title: 'STEP' }, { title: 'OUTCOME' }, { title: 'TOOK', align: 'right' }], steps, width)),
    ...(effects.length === 0
      ? []
      : table(
          [{ title: 'EFFECT', least: 20 }, { title: 'BEFORE' }, { title: 'AFTER' }, { title: 'OUTCOME' }],
          effects.map(effectRow),
          width,
        )),
    ...section('what happened', sentences.get(name) ?? []).map((line) => `  ${line}`.trimEnd()),
  ];
}

function table(
  columns: Parameters<typeof renderTable>[0],
  rows: Parameters<typeof renderTable>[1],
  width: number,
) {
  return ['', ...renderTable(columns, rows, width).map((line) => `  ${line}`)];
}

function effectRow({ intent, settled }: EffectRecord): readonly string[] {
  return [
    effectTarget(intent),
    effectReading(intent.effect, intent.found),
    settled === null
      ? 'unknown'
      : effectReading(
          intent.effect,
          settled.read,
          settled.outcome === 'done' || settled.outcome === 'already',
        ),
    settled?.outcome ?? 'never settled',
  ];
}

/** All of them: this is where the shorter list of the run's end leads to. */
function cutSection(calls: readonly CutCall[]): readonly string[] {
  const lines = calls.map((one) => cutCallLine(one, false));
  return section('calls cut', lines).map((line) => `  ${line}`.trimEnd());
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

const INCIDENTS: ReadonlySet<EventType> = new Set<EventType>([
  'run.resumed',
  'step.retrying',
  'warning',
  'drift.detected',
  'rescue.settled',
  'request.settled',
  'undo.started',
  'undo.settled',
]);

/** What went otherwise than planned, with its time, by node; '' for the whole run. Errors too. */
function incidents(events: readonly RunEvent[]): ReadonlyMap<string, readonly string[]> {
  const memory = new SentenceMemory(false);
  const found = new Map<string, readonly string[]>();
  const answers = events.filter(({ type }) => type === 'request.settled').length;
  let asked = 0;
  let last = '';
  for (const event of events) {
    const said = sayEvent(event, memory);
    memory.note(event);
    if (event.type === 'request.received') asked += 1;
    // A request is told with its answer, where it got one.
    const unanswered = event.type === 'request.received' && asked > answers;
    const isStop = event.type === 'batch.settled' && event.data.stopped !== undefined;
    const isTold = INCIDENTS.has(event.type) || isStop || unanswered;
    if (said === null || !(isTold || isFailure(event, said.level))) continue;
    const text = withoutSubject(said.text, event.node);
    // The same trouble at every poll is one line.
    if (event.type === 'step.retrying' && text === last) continue;
    last = text;
    const [head = '', ...more] = text.split('\n');
    const lines = [
      `${localSecond(event.at).slice(11)}  ${head}`,
      ...more.map((line) => `${' '.repeat(10)}${line}`),
    ];
    found.set(event.node ?? '', [...(found.get(event.node ?? '') ?? []), ...lines]);
  }
  return found;
}

function isFailure(event: RunEvent, level: Level): boolean {
  if (event.type !== 'step.settled' && event.type !== 'effect.settled') return false;
  // Its step says the same.
  if (event.type === 'effect.settled' && event.data.effect === 'action.run') return false;
  // That drain.onOut failed ends nothing, and is worth knowing.
  const isHook = event.type === 'effect.settled' && event.data.effect === 'hook.on_out';
  return level === 'error' || (isHook && level === 'warning');
}

function withoutSubject(text: string, node: string | undefined): string {
  const subject = `${printable(node ?? '')}: `;
  return node !== undefined && text.startsWith(subject) ? text.slice(subject.length) : text;
}

function endLines(
  state: RunState,
  events: readonly RunEvent[],
  options: RunReportOptions,
): readonly string[] {
  const last = events.at(-1);
  const torn = options.torn === true ? ['the last line of its journal is unfinished'] : [];
  if (last === undefined) return torn;
  if (last.type !== 'run.settled') {
    return [
      `not ended: the last it recorded was ${printable(last.type)}${last.step === undefined ? '' : ` of ${printable(last.step)}`}, ${localSecond(last.at)}`,
      ...torn,
      `  watch it: fsha show ${printable(state.run)} --follow`,
    ];
  }
  const took = Date.parse(last.at) - Date.parse(events[0]?.at ?? '');
  const said = sayEvent(last, new SentenceMemory(false));
  return [
    `ended ${localSecond(last.at)}${Number.isNaN(took) ? '' : ` after ${roughDuration(took)}`}`,
    ...(said?.text.split('\n') ?? []),
    ...torn,
  ];
}
