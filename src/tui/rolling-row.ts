/** One node of a rolling run in a few words: its phase, and for how long. */
import type { StandingNode } from '../domain/rolling-standing.ts';
import { restartIntended } from '../domain/run.ts';
import { counted } from '../output/count-words.ts';
import { spanWords } from '../output/live-words.ts';
import type { RunView } from './frames/view.ts';
import type { Style } from './line.ts';

export interface RowWords {
  readonly text: string;
  readonly style: Style;
  /** How long it took, or has taken so far; '' where nothing was begun. */
  readonly time: string;
}

/** @param view of the run that it is a node of */
export function rowWords(node: StandingNode, view: RunView): RowWords {
  const span = view.model.rolling.spanOf(node.name);
  const begun = span === undefined ? null : (span.admitted ?? span.begun);
  const took = span === undefined || begun === null ? '' : spanWords(span.last - begun);
  switch (node.phase) {
    case 'skipped':
      return { text: `left out: ${node.why ?? ''}`, style: 'warning', time: '' };
    case 'done':
      return { text: node.earlier ? 'done before' : 'done', style: 'good', time: took };
    case 'held':
      return { text: 'held: drained, stays out', style: 'warning', time: took };
    case 'failed':
      return { text: failedWords(node, view), style: 'error', time: took };
    case 'untouched':
      return { text: 'not begun', style: 'dim', time: '' };
    case 'in hand': {
      const { text, style } = doingWords(node.name, view);
      return { text, style, time: begun === null ? '' : spanWords(view.now - begun) };
    }
  }
}

function failedWords({ name, why }: StandingNode, { model }: RunView): string {
  const node = model.stateOf(name);
  const kind = stepUnderWay(name, { model });
  const becomes =
    kind === 'restore'
      ? ', being given back'
      : kind === 'secure'
        ? ', being kept out'
        : node === undefined || node.effects.length === 0
          ? ', unchanged'
          : node.undo === 'done'
            ? ', given back'
            : node.undo === 'failed' || node.undo === 'unknown'
              ? ', perhaps not given back'
              : restartIntended(node)
                ? ', stays out'
                : '';
  return `failed${becomes}${why === null ? '' : `: ${withoutName(why, name)}`}`;
}

function withoutName(why: string, name: string): string {
  const subject =
    [`${name} is drained, but `, `${name}: `, `${name} `].find((one) => why.startsWith(one)) ?? '';
  return why.slice(subject.length);
}

/** What a step of that kind means for who looks at many nodes. */
const DOING: Readonly<Record<string, string>> = {
  preflight: 'preflight',
  deactivate: 'going out',
  on_out: 'out, drain.onOut runs',
  keep_out: 'being kept out',
  fence: 'drained, inbound side being paused',
  settle_restart: 'restarting, by an earlier process',
  restart: 'restarting',
  verify: 'verifying',
  activate: 'coming back in',
  restore: 'being given back',
  secure: 'being kept out',
  leave_out: 'left out',
};

function doingWords(name: string, view: RunView): Pick<RowWords, 'text' | 'style'> {
  const kind = stepUnderWay(name, view);
  if (kind === null) {
    const isBegun = Object.keys(view.model.stateOf(name)?.steps ?? {}).length > 0;
    return { text: isBegun ? 'in hand' : 'in hand since before the resume', style: 'strong' };
  }
  const why = view.model.node(name)?.notYet ?? null;
  if (kind === 'admit')
    return why === null
      ? { text: 'waiting to be admitted', style: 'strong' }
      : { text: `waits: ${why}`, style: 'warning' };
  if (kind !== 'wait_drained') {
    const node = view.model.stateOf(name);
    // What it waits for is that the others can do without it for longer.
    const isHeldUp = kind === 'restart' && why !== null && node !== undefined && !restartIntended(node);
    const text = isHeldUp ? 'drained, restart waits' : (DOING[kind] ?? kind);
    return why === null
      ? { text, style: 'strong' }
      : { text: `${text}: ${withoutName(why, name)}`, style: 'warning' };
  }
  const sessions = sessionsOf(name, view);
  if (sessions === null) return { text: 'draining, sessions unknown', style: 'warning' };
  return { text: `draining, ${counted(sessions, 'session')}`, style: 'strong' };
}

/** How many were up when that was read last; null: unknown. */
function sessionsOf(name: string, { seen, model }: RunView): number | null {
  const node = seen?.nodes[name];
  if (node === undefined) return model.node(name)?.progress?.reading.sessions ?? null;
  return node.sessions.known ? node.sessions.value : null;
}

/** The kind of the step that is under way on it; null between two. */
function stepUnderWay(name: string, { model }: Pick<RunView, 'model'>): string | null {
  const steps = Object.entries(model.stateOf(name)?.steps ?? {});
  const id = steps.find(([, { outcome }]) => outcome === null)?.[0];
  return id === undefined ? null : id.slice(id.indexOf('/') + 1);
}
