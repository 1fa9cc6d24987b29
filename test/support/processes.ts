/** Processes of this machine as /proc tells of them. Only ever of those that the harness itself started, by their ids. */
import { readdirSync, readFileSync } from 'node:fs';
import { until } from './until.ts';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** The program's name, at most 15 characters. */
  readonly name: string;
  /** `S` sleeps, `R` runs, `T` stopped by SIGSTOP, `Z` ended and not yet waited for. */
  readonly state: string;
  /** Clock ticks since the boot: with the pid it names one process for good. */
  readonly startedAt: string;
}

/** Undefined where there is no such process. Source: proc(5), /proc/PID/stat. */
export function processEntry(pid: number): ProcessEntry | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name stands in brackets and may hold brackets and blanks itself.
  const close = text.lastIndexOf(')');
  const fields = text.slice(close + 2).split(' ');
  return {
    pid,
    name: text.slice(text.indexOf('(') + 1, close),
    state: fields[0] ?? '?',
    parent: Number(fields[1]),
    group: Number(fields[2]),
    startedAt: fields[19] ?? '',
  };
}

function everyProcess(): readonly ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processEntry(Number(name)) ?? []);
}

/** All processes of a process group. */
export function processGroup(group: number): readonly ProcessEntry[] {
  return everyProcess().filter((entry) => entry.group === group);
}

/** Children, their children and so on, of any process group; without `pid` itself. */
export function descendants(pid: number): readonly ProcessEntry[] {
  const all = everyProcess();
  const found: ProcessEntry[] = [];
  let parents = new Set([pid]);
  while (parents.size > 0) {
    const children = all.filter(({ parent }) => parents.has(parent));
    found.push(...children);
    parents = new Set(children.map((child) => child.pid));
  }
  return found;
}

/** Sends a signal unless the process has ended since, or the id belongs to another one by now. */
export function signalEntry(entry: ProcessEntry, signal: NodeJS.Signals): void {
  const now = processEntry(entry.pid);
  if (now?.startedAt !== entry.startedAt || now.state === 'Z') return;
  try {
    process.kill(entry.pid, signal);
  } catch {
    // It ended in this moment.
  }
}

/** A signal is only on its way when it was sent: waits until SIGSTOP has stopped all of them, or they have ended. */
export async function allStopped(entries: readonly ProcessEntry[]): Promise<void> {
  await until(`${entries.length} processes are stopped`, () =>
    entries.every(({ pid }) => ['T', 'Z', undefined].includes(processEntry(pid)?.state)),
  );
}
