/**
 * A dispatcher list file of Kamailio (modparam `list_file`), read and changed without touching what is not meant: comments,
 * order, spaces and attributes stay as somebody wrote them. Pure.
 *
 * A line is `set uri [flags [priority [attributes]]]`, a comment begins with `#`. Flags are bits: 1 inactive, 2 trying, 4 disabled,
 * 8 probing; a reload or a restart begins with exactly these states, so that a list that says them leaves no moment in which a
 * destination is in another one (kamailio 5.6.3, measured: 0 AX, 1 IX, 2 TX, 4 DX, 8 AP, 9 IP, 10 TP, 12 DP).
 */
import { type Destination } from './cluster.ts';
import { type Flags, readFlags } from './dispatcher-state.ts';
import type { DispatcherSet } from './observation.ts';
import { isTarget, placedTargets } from './targets.ts';

/** Bits of the flags column that are a state; the others are settings. */
const STATE_BITS = 15;
const STATE: Readonly<Record<Flags['state'], number>> = { active: 0, inactive: 1, trying: 2, disabled: 4 };
const PROBING = 8;

/** The columns of a destination. */
export interface FileDestination {
  readonly set: number;
  readonly uri: string;
  readonly duid: string | null;
  /** The flags column; 0 where there is none. */
  readonly flags: number;
}

/** What has to be replaced to change the flags: the text before them, and what follows. */
interface DestinationLine {
  readonly destination: FileDestination;
  readonly head: string;
  readonly tail: string;
}

type Line = { readonly text: string; readonly parts: DestinationLine | null };

export interface DispatcherFile {
  readonly lines: readonly Line[];
  /** In the order of the file. */
  readonly destinations: readonly FileDestination[];
}

const SHAPE =
  /^(?<head>[ \t]*(?<set>\d{1,9})[ \t]+(?<uri>sips?:[^\s#"<>,]+))(?:(?<gap>[ \t]+)(?<flags>\d{1,9})(?=[\s#]|$))?(?<tail>.*)$/i;
/** What may stand behind the flags: priority, attributes, a comment. */
const TAIL = /^(?:[ \t]+-?\d{1,9}(?:[ \t]+(?<attrs>[^\s#]+))?)?[ \t]*(?:#.*)?\r?$/;

/**
 * @param text with any encoding that has ASCII in it, one character a byte
 * @returns what the file says, or the first line that Kamailio may drop or read otherwise than it looks
 */
export function readDispatcherFile(
  text: string,
): DispatcherFile | { readonly problem: { readonly line: number; readonly text: string } } {
  const lines: Line[] = [];
  for (const [index, one] of text.split('\n').entries()) {
    const line = readLine(one);
    if (line === undefined) return { problem: { line: index + 1, text: one } };
    lines.push(line);
  }
  return { lines, destinations: lines.flatMap(({ parts }) => (parts === null ? [] : [parts.destination])) };
}

function readLine(text: string): Line | undefined {
  if (/^[ \t\r]*(?:#.*)?$/.test(text)) return { text, parts: null };
  const found = SHAPE.exec(text)?.groups;
  const { head, set, uri, flags, tail = '' } = found ?? {};
  const attrs = TAIL.exec(tail);
  if (head === undefined || set === undefined || uri === undefined || attrs === null) return undefined;
  // Without flags there is no column behind them.
  if (flags === undefined && /^[ \t]*[^\s#]/.test(tail)) return undefined;
  const duid = /(?:^|;)duid=(?<duid>[^;]+)/.exec(attrs.groups?.['attrs'] ?? '')?.groups?.['duid'] ?? null;
  const destination = { set: Number(set), uri, duid, flags: Number(flags ?? 0) };
  return { text, parts: { destination, head: `${head}${found?.['gap'] ?? ' '}`, tail } };
}

/** The text of a file again. */
export function fileText({ lines }: DispatcherFile): string {
  return lines.map(({ text }) => text).join('\n');
}

/** One name for what set, URI and duid tell apart, for a line of a file and for one that a proxy lists. */
export function targetKey({ set, uri, duid }: Pick<FileDestination, 'set' | 'uri' | 'duid'>): string {
  return `set ${set} ${uri}${duid === null ? '' : ` (duid ${duid})`}`;
}

/** FLAGS by {@link targetKey}, as a proxy lists them. */
export type States = ReadonlyMap<string, string>;

/**
 * @returns the FLAGS of each, or what keeps them from being told apart: one thing listed twice in different states, or FLAGS that
 *   mean nothing to this version
 */
export function statesOf(sets: readonly DispatcherSet[]): States | { readonly problem: string } {
  const states = new Map<string, string>();
  for (const target of placedTargets(sets)) {
    const key = targetKey(target);
    const before = states.get(key);
    if (before !== undefined && before !== target.flags)
      return { problem: `${key} is listed twice, as ${before} and as ${target.flags}: give each a duid` };
    if (readFlags(target.flags) === undefined)
      return { problem: `${key} has FLAGS that this fsha does not know: ${target.flags}` };
    states.set(key, target.flags);
  }
  return states;
}

/** What the file and a proxy's list do not have in common: both empty where the proxy has loaded just this file. */
export function difference(
  { destinations }: DispatcherFile,
  sets: readonly DispatcherSet[],
): { readonly onlyInFile: readonly string[]; readonly onlyLoaded: readonly string[] } {
  const left = placedTargets(sets).map(targetKey);
  const onlyInFile: string[] = [];
  for (const key of destinations.map(targetKey)) {
    const at = left.indexOf(key);
    if (at < 0) onlyInFile.push(key);
    else left.splice(at, 1);
  }
  return { onlyInFile, onlyLoaded: left };
}

/** The FLAGS that a destination has after a reload of a file with these flags. */
export function flagsLoaded(flags: number): string {
  const state = (flags & 4) !== 0 ? 'D' : (flags & 1) !== 0 ? 'I' : (flags & 2) !== 0 ? 'T' : 'A';
  return `${state}${(flags & PROBING) !== 0 ? 'P' : 'X'}`;
}

/** The same file with the state of every destination written into its flags; those that have none there keep their flags. */
export function withStates(file: DispatcherFile, states: States): DispatcherFile {
  return changed(file, (destination) => {
    const flags = readFlags(states.get(targetKey(destination)) ?? '');
    if (flags === undefined) return destination.flags;
    return (destination.flags & ~STATE_BITS) | STATE[flags.state] | (flags.probing ? PROBING : 0);
  });
}

/** Which lines of a file are meant by destinations of the inventory. */
export function linesOf(file: DispatcherFile, wanted: readonly Destination[]): readonly FileDestination[] {
  return file.destinations.filter((one) => isMeant(one, wanted));
}

function isMeant(one: FileDestination, wanted: readonly Destination[]): boolean {
  return wanted.some((destination) => isTarget(destination, { ...one, flags: '' }));
}

export interface NewLines {
  readonly wanted: readonly Destination[];
  /** Of the new lines, and of those that were there: whether a reload leaves it disabled. */
  readonly disabled: boolean;
  readonly priority: number;
  /** `weight=50;…`; empty for none. */
  readonly attrs: string;
}

/** With a line for each destination that has none, at the end; those that are there are set to be disabled, or not to be. */
export function withAdded(
  file: DispatcherFile,
  { wanted, disabled, priority, attrs }: NewLines,
): DispatcherFile {
  const there = changed(file, (one) =>
    isMeant(one, wanted) ? (one.flags & ~STATE_BITS) | (disabled ? STATE.disabled : 0) : one.flags,
  );
  const missing = wanted.filter((destination) => linesOf(file, [destination]).length === 0);
  if (missing.length === 0) return there;
  const written = missing.flatMap(({ set, uri }) =>
    uri === undefined
      ? []
      : [`${set} ${uri} ${disabled ? STATE.disabled : 0} ${priority}${attrs === '' ? '' : ` ${attrs}`}`],
  );
  const before = fileText(there);
  return read(`${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${written.join('\n')}\n`);
}

/** Without the lines of these destinations. */
export function without(file: DispatcherFile, wanted: readonly Destination[]): DispatcherFile {
  const lines = file.lines.filter(({ parts }) => parts === null || !isMeant(parts.destination, wanted));
  return read(lines.map(({ text }) => text).join('\n'));
}

function changed(file: DispatcherFile, flagsOf: (destination: FileDestination) => number): DispatcherFile {
  const text = file.lines.map(({ text: line, parts }) => {
    if (parts === null) return line;
    const flags = flagsOf(parts.destination);
    return flags === parts.destination.flags ? line : `${parts.head}${flags}${parts.tail}`;
  });
  return read(text.join('\n'));
}

/** Of what this module has written itself. */
function read(text: string): DispatcherFile {
  const file = readDispatcherFile(text);
  if ('problem' in file) throw new Error(`line ${file.problem.line} was written wrongly`);
  return file;
}
