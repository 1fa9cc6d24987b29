/** By which a journal says under which lock it was written: `MACHINE:PATH`, where MACHINE is `HOSTNAME` or `HOSTNAME#ID`. */

/** Where fsha runs. */
export interface Machine {
  readonly name: string;
  /** What tells it from others of that name; null where that cannot be read. */
  readonly id: string | null;
}

export function lockNameOf({ name, id }: Machine, path: string): string {
  return `${name}${id === null ? '' : `#${id}`}:${path}`;
}

/** Whether both name one lock, as far as they say: one that was written without an id goes by the name of the host. */
export function isSameLock(one: string, other: string): boolean {
  if (one === other) return true;
  const [first, second] = [partsOf(one), partsOf(other)];
  return first.rest === second.rest && (first.id === null || second.id === null);
}

function partsOf(lock: string): { readonly id: string | null; readonly rest: string } {
  const match = /^([^#:]*)#([0-9a-f]+)(:.*)$/s.exec(lock);
  return match === null
    ? { id: null, rest: lock }
    : { id: match[2] ?? null, rest: `${match[1] ?? ''}${match[3] ?? ''}` };
}
