/**
 * Watches everything that runs below a process, as anybody on the machine sees it: command lines, and the environments of all
 * but fsha itself, which is given its secrets there. What is too quick for a watch is told by secret-recorders.ts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processEntry } from '../../support/processes.ts';
import { LAUNCHER } from './fsha.ts';
import { searchTree } from './secret-files.ts';
import { type Leak, leaksIn, type Marker } from './secret-markers.ts';

export interface WatchOptions {
  /** Its children, their children and so on. */
  readonly below: number;
  readonly markers: readonly Marker[];
  /** State directories: what is in there for a moment only is looked at, too. Journals stay, and are not. */
  readonly stateDirs: () => readonly string[];
}

export interface Watch {
  readonly leaks: () => readonly Leak[];
  /** Command lines of those whose environment was looked at, each once, words apart by blanks. */
  readonly seen: () => readonly string[];
  /** Files that were seen in state directories, journals left out. */
  readonly files: () => readonly string[];
  /** How often it has looked. */
  readonly looks: () => number;
  readonly stop: () => Promise<void>;
}

/** ms between two looks; how long a process is looked at each time, and how often after that: programs change when they begin. */
const PAUSE = 25;
const YOUNG = 400;
const AGAIN = 250;
/** So many looks at processes for one at files. */
const FILES = 3;

interface Known {
  readonly since: number;
  lastLook: number;
  commandLine: string;
}

export function watchProcesses({ below, markers, stateDirs }: WatchOptions): Watch {
  const ours = new Map<number, Known>();
  let foreign = new Set<number>();
  const leaks: Leak[] = [];
  const seen = new Set<string>();
  const files = new Set<string>();
  let looks = 0;
  const over = new AbortController();

  function lookAt(pid: number, known: Known, now: number): void {
    if (now - known.since > YOUNG && now - known.lastLook < AGAIN) return;
    known.lastLook = now;
    // In this order: an environment that is read behind the command line is that of the same program, or a later one.
    const words = read(pid, 'cmdline');
    if (words === '' || words === known.commandLine) return;
    known.commandLine = words;
    const line = words.split('\0').join(' ').trim();
    leaks.push(...leaksIn(`the command line of ${line}`, words, markers));
    // A child that fsha has just begun is a copy of fsha until it becomes another program.
    if (isFsha(words)) return;
    const environment = read(pid, 'environ');
    leaks.push(...leaksIn(`the environment of ${line}`, environment, markers));
    if (environment !== '') seen.add(line);
  }

  function look(): void {
    const now = performance.now();
    const still = new Set<number>();
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      if (foreign.has(pid)) {
        still.add(pid);
        continue;
      }
      let known = ours.get(pid);
      if (known === undefined) {
        const parent = processEntry(pid)?.parent;
        if (parent === undefined) continue;
        if (pid === below || (parent !== below && !ours.has(parent))) {
          still.add(pid);
          continue;
        }
        known = { since: now, lastLook: 0, commandLine: '' };
        ours.set(pid, known);
      }
      lookAt(pid, known, now);
    }
    foreign = still;
    looks += 1;
    if (looks % FILES === 0) for (const dir of stateDirs()) lookAtFiles(dir);
  }

  function lookAtFiles(dir: string): void {
    const tree = searchTree(dir, markers, (entry) => !entry.startsWith('runs/'));
    leaks.push(...tree.leaks);
    for (const entry of tree.entries) if (!entry.startsWith('runs/')) files.add(entry);
  }

  const watching = (async () => {
    while (!over.signal.aborted) {
      look();
      await delay(PAUSE);
    }
  })();
  return {
    leaks: () => leaks,
    seen: () => [...seen],
    files: () => [...files],
    looks: () => looks,
    stop: () => {
      over.abort();
      return watching;
    },
  };
}

function isFsha(words: string): boolean {
  return words.split('\0')[1] === LAUNCHER;
}

/** Empty where the process has ended, or is another user's. */
function read(pid: number, what: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1');
  } catch {
    return '';
  }
}
