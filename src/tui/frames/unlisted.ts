/** Where the list of calls and the calls that are up differ: rows of calls that are gone, and sessions without a row. */
import type { Known } from '../../domain/observation.ts';
import type { RunView } from './view.ts';

/** How many of the rows that are listed are of calls that are gone; 0 where that cannot be told. */
export function ghostsAmong({ model, calls }: RunView): number {
  const list = calls?.list ?? null;
  const ghosts = model.node(model.shown ?? '')?.progress?.reading.ghostRows ?? 0;
  return list === null || list.looked !== undefined ? 0 : Math.min(ghosts, list.rows);
}

/**
 * How many sessions have no row in the core database: nobody can list their calls. Rows and sessions are not read in one
 * moment, and a call may begin or end in between: it is the least that every reading says.
 */
export function unlistedOf(view: RunView): number {
  const { model, seen, calls } = view;
  const list = calls?.list ?? null;
  if (list?.looked !== undefined) return list.looked.unlisted;
  const name = model.shown ?? '';
  const node = seen?.nodes[name];
  const reading = model.node(name)?.progress?.reading;
  const sessions = sessionsOf(view);
  const missing = [
    missingOf(reading?.sessions ?? null, reading?.channels ?? null),
    ...(node === undefined ? [] : [missingOf(sessions, valueOf(node.channels))]),
    missingOf(sessions, list?.rows ?? null),
  ].filter((one) => one !== null);
  return missing.length === 0 ? 0 : Math.min(...missing);
}

/** How many sessions were up when that was read last; null: unknown. */
export function sessionsOf({ model, seen }: RunView): number | null {
  const name = model.shown ?? '';
  const node = seen?.nodes[name];
  return node === undefined ? (model.node(name)?.progress?.reading.sessions ?? null) : valueOf(node.sessions);
}

function missingOf(sessions: number | null, rows: number | null): number | null {
  return sessions === null || rows === null ? null : Math.max(0, sessions - rows);
}

function valueOf(of: Known<number>): number | null {
  return of.known ? of.value : null;
}
