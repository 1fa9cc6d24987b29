import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** A row of FreeSWITCH's registrations, as far as `show` and `sofia status` print it. Times are epoch seconds. */
export interface Registration {
  readonly user: string;
  readonly realm: string;
  readonly callId: string;
  readonly contact: string;
  readonly agent: string;
  readonly networkIp: string;
  readonly networkPort: number;
  readonly hostname: string;
  readonly registeredAt: number;
  readonly expires: number;
}

/** This node's registrations. They survive its restart in the state file, as FreeSWITCH's do in the database. */
export class Registrations {
  readonly #rows: Map<string, Registration>;
  readonly #file: string | undefined;
  readonly #shared: readonly string[];

  constructor(file: string | undefined, shared: readonly string[]) {
    this.#file = file;
    this.#shared = shared;
    this.#rows = new Map(readRows(file).map((row) => [key(row), row]));
  }

  put(row: Registration): void {
    this.#rows.set(key(row), row);
    this.#write();
  }

  remove(user: string, realm: string): void {
    if (this.#rows.delete(`${user}@${realm}`)) this.#write();
  }

  /** Those of this node that have not run out. */
  own(): Registration[] {
    return current([...this.#rows.values()]);
  }

  /** Those of all nodes on the same database. */
  all(): Registration[] {
    return [...this.own(), ...current(this.#shared.flatMap(readRows))].sort(
      (a, b) => a.registeredAt - b.registeredAt,
    );
  }

  #write(): void {
    if (this.#file === undefined) return;
    writeFileSync(`${this.#file}.new`, JSON.stringify({ registrations: this.own() }));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function key(row: Registration): string {
  return `${row.user}@${row.realm}`;
}

function current(rows: readonly Registration[]): Registration[] {
  const now = Date.now() / 1000;
  return rows.filter((row) => row.expires > now);
}

function readRows(file: string | undefined): Registration[] {
  if (file === undefined) return [];
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { registrations: Registration[] }).registrations;
  } catch {
    return [];
  }
}
