import { known, unknown, type DispatcherSet, type Known, type ListedTarget } from '../domain/observation.ts';
import { isRecord } from './rpc-answer.ts';

/**
 * Reads the result of `dispatcher.list`. The whole of it is unknown as soon as anything is missing: half a list would
 * hide a destination, and an empty one would say that there is nothing to take out.
 *
 * Sets come in any order; ATTRS is there only where a destination has attributes, LATENCY and RUNTIME depend on the
 * configuration, 6.1 has more keys. The targets of a set stand in the order in which set_state looks for a URI (measured
 * on 5.6.3). TARGETS as an object is refused: of several DEST keys JSON would keep the last only.
 */
export function readDispatcherList(result: unknown): Known<readonly DispatcherSet[]> {
  if (!isRecord(result)) return unknown('the dispatcher list is not an object');
  const { NRSETS: count, RECORDS: records } = result;
  if (typeof count !== 'number' || !Array.isArray(records))
    return unknown('the dispatcher list has no NRSETS or no RECORDS');
  if (records.length !== count) return unknown(`the dispatcher list has ${records.length} of ${count} sets`);
  const sets: DispatcherSet[] = [];
  const ids = new Set<number>();
  for (const record of records as readonly unknown[]) {
    const set = readSet(record);
    if (typeof set === 'string') return unknown(set);
    if (ids.has(set.id)) return unknown(`the dispatcher list has set ${set.id} twice`);
    ids.add(set.id);
    sets.push(set);
  }
  return known(sets);
}

/** The set, or what is wrong with it. */
function readSet(record: unknown): DispatcherSet | string {
  const set = isRecord(record) ? record['SET'] : undefined;
  if (!isRecord(set) || !Number.isSafeInteger(set['ID'])) return 'a set of the dispatcher list has no ID';
  const id = Number(set['ID']);
  if (!Array.isArray(set['TARGETS'])) return `set ${id} of the dispatcher list has no list of TARGETS`;
  const targets: ListedTarget[] = [];
  for (const entry of set['TARGETS'] as readonly unknown[]) {
    const target = readTarget(entry);
    if (typeof target === 'string') return `set ${id} of the dispatcher list has ${target}`;
    targets.push(target);
  }
  return { id, targets };
}

function readTarget(entry: unknown): ListedTarget | string {
  const destination = isRecord(entry) ? entry['DEST'] : undefined;
  if (!isRecord(destination)) return 'a target without DEST';
  const { URI: uri, FLAGS: flags, ATTRS: attributes } = destination;
  if (typeof uri !== 'string' || uri === '') return 'a target without URI';
  if (typeof flags !== 'string' || flags === '') return 'a target without FLAGS';
  if (attributes === undefined || attributes === null) return { uri, duid: null, flags };
  if (!isRecord(attributes)) return 'a target with unreadable ATTRS';
  const duid = attributes['DUID'] ?? null;
  if (duid !== null && typeof duid !== 'string') return 'a target with an unreadable DUID';
  return { uri, duid: duid === '' ? null : duid, flags };
}
