import { readFlags } from '../../domain/dispatcher-state.ts';
import { destinationKey, flagsOf } from '../../domain/drift.ts';
import { isTarget, placedTargets } from '../../domain/targets.ts';
import { agoWords } from '../../output/live-words.ts';
import { flagsWords } from '../../output/state-words.ts';
import { clip, type Line, line, type Span, spread, styled, widthOf } from '../line.ts';
import type { SeenDestination } from '../node-model.ts';
import { innerWidth, labelled, type Panel } from './panel.ts';
import { ageLine, isStale, isWaiting, type RunView, shownPolicy } from './view.ts';
import { cell } from './wrap.ts';

/** What each proxy shows of the node's destinations, and when that was read. */
export const proxies: Panel = {
  heights: (view) => {
    const all = rowsOf(view).length;
    return [Math.min(all, 1), Math.min(all, 1), Math.min(all, 4), Math.min(all, 6), all];
  },
  draw: (view, columns, rows) => {
    const all = rowsOf(view);
    if (all.length === 0) return [];
    const inner = innerWidth(columns);
    const label = inner === columns ? 'proxies ' : '';
    if (rows < all.length && rows <= 1) {
      return labelled('proxies', [clip(summary(all, view, inner), inner - label.length)], columns);
    }
    // Where not all can be shown, those that are not well are.
    const shown = rows >= all.length ? all : worstFirst(all, view).slice(0, rows - 1);
    const name = Math.min(20, Math.max(...shown.map(({ proxy }) => proxy.length)));
    const lines = shown.map((row) => rowLine(row, view, name, inner - label.length));
    const more = all.length - shown.length;
    const rest = more > 0 ? [line(styled('dim', `and ${more} more`))] : [];
    // Below each other, also where the label stands in the first line alone.
    const aligned = [...lines, ...rest].map((one, index) =>
      index === 0 ? one : line(' '.repeat(label.length), ...one),
    );
    return labelled('proxies', aligned, columns);
  },
  isGroup: true,
  inPieces: true,
};

/** Less than that is narrow. */
const WIDE = 50;

interface ProxyRow {
  readonly proxy: string;
  /** Which of several of one proxy; '' for the only one. */
  readonly place: string;
  readonly flags: string | null;
  /** Why it is unknown. */
  readonly why: string;
  /** When that was read; null: never. */
  readonly at: number | null;
  readonly known: { readonly flags: string; readonly at: number } | null;
  readonly isIgnored: boolean;
}

function rowsOf(view: RunView): readonly ProxyRow[] {
  const { model } = view;
  if (model.shown === null) return [];
  const ofEvents = [...(model.node(model.shown)?.destinations.values() ?? [])];
  const destinations = ofEvents.length > 0 ? ofEvents : listedNow(view);
  const ignored = shownPolicy(view)?.ignoreProxies ?? [];
  return destinations.map((one) => {
    const isOnly = destinations.filter(({ proxy }) => proxy === one.proxy).length === 1;
    return {
      ...readingOf(one, view),
      proxy: one.proxy,
      place: isOnly ? '' : destinationKey(one).slice(one.proxy.length + 1),
      known: one.known,
      isIgnored: ignored.includes(one.proxy),
    };
  });
}

/** Of this process's own reading, else of what the run has recorded. */
function readingOf(one: SeenDestination, { seen }: RunView): Pick<ProxyRow, 'flags' | 'why' | 'at'> {
  if (seen === null) return { flags: one.flags, why: 'it could not be read', at: one.at };
  const flags = flagsOf(seen, one);
  const at = seen.proxies[one.proxy]?.at ?? null;
  if (flags.known) return { flags: flags.value, why: '', at };
  const prefix = `${one.proxy}: `;
  return { flags: null, why: flags.why.startsWith(prefix) ? flags.why.slice(prefix.length) : flags.why, at };
}

/** Before preflight has said which destinations the run is about, those that the inventory means. */
function listedNow({ model, seen, cluster }: RunView): readonly SeenDestination[] {
  const node = cluster?.nodes.find(({ name }) => name === model.shown);
  if (seen === null || node === undefined || cluster === null) return [];
  return cluster.proxies.flatMap(({ name: proxy }) => {
    const found = seen.proxies[proxy];
    const targets =
      found?.sets.known === true && found.trouble === null ? placedTargets(found.sets.value) : [];
    const own = targets.filter((target) => node.destinations.some((one) => isTarget(one, target)));
    const at = found?.at ?? 0;
    const none = { proxy, flags: null, at, known: null };
    if (own.length > 0) return own.map(({ set, uri, duid }) => ({ ...none, set, uri, duid }));
    const [first] = node.destinations;
    return [{ ...none, set: first?.set ?? 0, uri: first?.uri ?? '', duid: first?.duid ?? null }];
  });
}

function stateSpan({ flags, why, known }: ProxyRow, view: RunView): Span[] {
  if (flags === null) {
    const before = known === null ? '' : ` (${flagsWords(known.flags)} ${agoWords(view.now - known.at)})`;
    return [styled('warning', 'unknown'), styled('plain', `${before}: ${why}`)];
  }
  const isWrong = isWaiting(view) && readFlags(flags)?.state !== 'disabled';
  return [styled(isWrong ? 'warning' : 'plain', flagsWords(flags))];
}

function rowLine(row: ProxyRow, view: RunView, name: number, width: number): Line {
  const age = row.at === null ? line(styled('dim', 'not read yet')) : ageLine(row.at, view, width < WIDE);
  const ignored = row.isIgnored ? ' (ignored)' : '';
  const place = row.place === '' ? '' : `  ${row.place}`;
  const left = line(`${cell(row.proxy, name)}  `, ...stateSpan(row, view), ignored, styled('dim', place));
  const room = width - widthOf(age) - 2;
  return room < 20 ? clip(left, width) : spread(clip(left, room), age, width);
}

/** All of them in one line: how many in which state, and the oldest reading. */
function summary(all: readonly ProxyRow[], view: RunView, width: number): Line {
  const counts = new Map<string, number>();
  for (const { flags } of worstFirst(all, view)) {
    const word = flags === null ? 'unknown' : (readFlags(flags)?.state ?? flagsWords(flags));
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const parts = [...counts].flatMap(([word, count], index): Span[] => [
    ...(index === 0 ? [] : [styled('plain', ', ')]),
    styled(word === 'unknown' ? 'warning' : 'plain', `${count} ${word}`),
  ]);
  const oldest = all.reduce<number | null>(
    (least, { at }) => (at === null || least === null ? null : Math.min(least, at)),
    Infinity,
  );
  return oldest === null ? parts : [...parts, styled('plain', '  '), ...ageLine(oldest, view, width < WIDE)];
}

function worstFirst(all: readonly ProxyRow[], view: RunView): readonly ProxyRow[] {
  const badness = ({ flags, at }: ProxyRow): number =>
    flags === null
      ? 0
      : at === null || isStale(at, view)
        ? 1
        : readFlags(flags)?.state === 'disabled'
          ? 3
          : 2;
  return [...all].sort((one, two) => badness(one) - badness(two));
}
