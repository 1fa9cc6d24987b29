import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * What can be wrong with a FreeSWITCH or with the way to it. Absent is well.
 *
 * - `database` the core database is down: `show` answers -ERR, `status` stays right
 * - `ghostRows` so many rows of calls that are gone; `missingRows` so many live channels without a row
 * - `silentEsl` connections are accepted and nothing is ever said; `halfOpen` those that are up now go silent for good
 * - `slowEsl` milliseconds before every answer; `resetEsl` cuts all connections with a reset, once
 * - `refuseEsl` nothing listens; `wrongPassword` the password is another one; `acl` every address is turned away
 * - `lieSessions` `'garbage'`: status is not to be read; `'empty'`: it says nothing; a number: so many sessions that leaked
 * - `noProfile` the profiles did not come up, SIP is silent; `noGateway` true: none registers, or the name of that one
 * - `slowBoot` milliseconds more until ESL listens; `failBoot` so many starts end by themselves
 * - `notReady` ESL answers while the core is not ready; `secondRestart` restarts itself after so many milliseconds
 * - `refuseOptions` 503 to OPTIONS while calls go on, as where sip-options-respond-503-on-busy is set and the node is full
 */
export const FAULT_NAMES = [
  'database',
  'ghostRows',
  'missingRows',
  'silentEsl',
  'halfOpen',
  'slowEsl',
  'resetEsl',
  'refuseEsl',
  'wrongPassword',
  'acl',
  'lieSessions',
  'noProfile',
  'noGateway',
  'slowBoot',
  'failBoot',
  'notReady',
  'secondRestart',
  'refuseOptions',
] as const;

export type FaultName = (typeof FAULT_NAMES)[number];
export type FaultValue = boolean | number | string;
/** `now` ends with the process; `nextStart` is for the next start only; `always` stays until it is cleared. */
export type FaultTime = 'now' | 'nextStart' | 'always';

const AT_START: readonly FaultName[] = ['slowBoot', 'failBoot', 'secondRestart'];

interface Kept {
  readonly value: FaultValue;
  readonly starts: number | 'always';
}

/** The faults of this start, and in a file beside the state file those of starts to come. */
export class Faults {
  readonly #now = new Map<FaultName, FaultValue>();
  readonly #file: string | undefined;

  constructor(stateFile: string | undefined) {
    this.#file = stateFile === undefined ? undefined : `${stateFile}.faults`;
  }

  /** Takes over what was kept for this start. */
  begin(): void {
    this.#now.clear();
    const kept = this.#read();
    for (const [name, { value, starts }] of Object.entries(kept) as [FaultName, Kept][]) {
      this.#now.set(name, value);
      if (starts === 'always') continue;
      if (starts > 1) kept[name] = { value, starts: starts - 1 };
      else Reflect.deleteProperty(kept, name);
    }
    this.#write(kept);
  }

  is(name: FaultName): boolean {
    return this.#now.has(name);
  }

  value(name: FaultName): FaultValue | undefined {
    return this.#now.get(name);
  }

  number(name: FaultName): number {
    const value = this.#now.get(name);
    return typeof value === 'number' ? value : 0;
  }

  /**
   * `false` and null clear a fault, now and for starts to come. `failBoot` counts starts.
   * @throws for a name that is none
   */
  set(name: string, value: FaultValue | null, when?: FaultTime): void {
    if (!isFaultName(name)) throw new Error(`no fault ${name}; there are ${FAULT_NAMES.join(', ')}`);
    const time = when ?? (AT_START.includes(name) ? 'nextStart' : 'now');
    const kept = this.#read();
    if (value === null || value === false) {
      this.#now.delete(name);
      Reflect.deleteProperty(kept, name);
    } else {
      if (time !== 'nextStart') this.#now.set(name, value);
      const starts = name === 'failBoot' && typeof value === 'number' ? value : 1;
      if (time !== 'now') kept[name] = { value, starts: time === 'always' ? 'always' : starts };
    }
    this.#write(kept);
  }

  clear(): void {
    this.#now.clear();
    this.#write({});
  }

  #read(): Partial<Record<FaultName, Kept>> {
    if (this.#file === undefined) return {};
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8')) as Partial<Record<FaultName, Kept>>;
    } catch {
      return {};
    }
  }

  #write(kept: Partial<Record<FaultName, Kept>>): void {
    if (this.#file === undefined) {
      if (Object.keys(kept).length > 0) throw new Error('without a stateFile no fault can wait for a start');
      return;
    }
    if (Object.keys(kept).length === 0) {
      rmSync(this.#file, { force: true });
      return;
    }
    writeFileSync(`${this.#file}.new`, JSON.stringify(kept));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function isFaultName(name: string): name is FaultName {
  return (FAULT_NAMES as readonly string[]).includes(name);
}
