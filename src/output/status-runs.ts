/** What is to be said of runs beside a status, in words. */
import stringWidth from 'string-width';
import { readFlags } from '../domain/dispatcher-state.ts';
import type { Contradiction } from '../domain/run-contradiction.ts';
import type { RollingNote } from '../domain/cluster-runs.ts';
import type { MarkNote } from '../domain/mark-notes.ts';
import type { RunNote, RunNotes } from '../domain/run-notes.ts';
import { printable } from '../domain/text.ts';
import { counted } from './count-words.ts';
import { nameList } from './name-list.ts';
import { localMoment } from './local-time.ts';
import { shortAge } from './status-cells.ts';
import { stepDoing } from './step-words.ts';
import { wrapText } from './wrap-text.ts';

/** A sentence without its full stop, and the commands that go on from there. */
export interface Said {
  readonly text: string;
  readonly commands: readonly string[];
}

/** What is said of each run, then of each contradiction, then what is not known: in that order. */
export function saidOfRuns(notes: RunNotes, wall: number): readonly Said[] {
  return [
    ...notes.runs.map((note) => saidOfRun(note, wall)),
    ...notes.contradictions.map(saidOfContradiction),
    ...notes.gaps.map((gap) => textOnly(printable(gap, 1_000))),
  ];
}

export function textOnly(text: string): Said {
  return { text, commands: [] };
}

/** For a state directory that is not there; empty where it is. */
export function missingTexts({ missing }: RunNotes): readonly string[] {
  return missing === null ? [] : [`no run is known on this host: there is no ${printable(missing, 500)}`];
}

/** @param wall wall clock now, ms since 1970 */
export function saidOfRun(note: RunNote, wall: number): Said {
  return { text: runText(note, wall), commands: note.next.map((line) => printable(line, 1_000)) };
}

function runText(note: RunNote, wall: number): string {
  const { missing } = note;
  const text = standingText(note, wall);
  return missing === undefined
    ? text
    : `${text}; it ${printable(missing.what, 1_000)}: ${printable(missing.todo, 1_000)}`;
}

function standingText(note: RunNote, wall: number): string {
  const { state, since, step, changed, rolling } = note;
  const nodes = note.nodes.map((name) => printable(name)).join(', ');
  const moment = localMoment(since, new Date(wall).toISOString());
  const run = `run ${printable(note.run)} (${printable(note.command)}) by ${printable(note.who)}`;
  const before = `run ${printable(note.run)} (${printable(note.command)}, ${printable(note.who)}, ${ago(since, wall)})`;
  const doing = doingWords(step === null ? '' : stepDoing(step), rolling);
  switch (state) {
    case 'in-progress': {
      const halted = note.stopped === true ? ', but its process is stopped and does nothing' : '';
      return `${run} is under way since ${moment}${doing === '' ? '' : `, ${doing}`}${halted}`;
    }
    case 'unfinished':
      return `${run}, begun at ${moment}, has not come to its end; whether it goes on is unknown`;
    case 'interrupted': {
      const where = doing === '' ? '' : rolling === undefined ? ` (${doing})` : `: ${doing}`;
      return `${run} was interrupted at ${moment}${changed ? where : ', before it changed anything'}`;
    }
    case 'left-out':
      return `${nodes} ${note.nodes.length === 1 ? 'was' : 'were'} left out by ${before}`;
    case 'partly':
      return `${before} has not brought ${nameList(note.nodes)} through`;
    case 'left-unknown':
      return `what ${before} left ${nodes} as is unknown`;
  }
}

/** With how far a rolling run is: `2 of 4 nodes done, node-3 in hand (waiting for its calls to end)`. */
function doingWords(doing: string, rolling: RollingNote | undefined): string {
  if (rolling === undefined) return doing;
  const { done, of, inHand, failed, untouched } = rolling;
  return [
    `${done} of ${counted(of, 'node')} done`,
    ...(failed.length === 0 ? [] : [`${nameList(failed)} failed`]),
    ...(inHand.length === 0 ? [] : [`${nameList(inHand)} in hand${doing === '' ? '' : ` (${doing})`}`]),
    ...(untouched.length === 0 ? [] : [`${nameList(untouched)} not begun`]),
  ].join(', ');
}

/** `3h12m ago`; empty where a clock was set back or nothing is known. */
function ago(at: string, wall: number): string {
  const age = wall - Date.parse(at);
  return age >= 0 ? `${shortAge(age)} ago` : `at ${localMoment(at, new Date(wall).toISOString())}`;
}

export function saidOfContradiction({ node, run, says, shown, next }: Contradiction): Said {
  const states = shown.map(({ proxy, flags }) => {
    const words = flags.map((one) => readFlags(one)?.state ?? printable(one, 10));
    return `${printable(proxy)} says ${[...new Set(words)].join(' and ')}`;
  });
  const word = says === 'in service' ? 'in service' : 'out';
  return {
    text: `${printable(node)}: last run ${printable(run)} says ${word}, ${states.join(', ')}`,
    commands: next,
  };
}

/** In one line: `…: fsha resume RUN, or undo it: fsha resume RUN --undo`. */
export function inOneLine({ text, commands }: Said): string {
  if (commands.length === 0) return text;
  const [first = '', ...others] = commands;
  return [
    `${text}: ${first}`,
    ...others.map((line) => (isUndo(line) ? `or undo it: ${line}` : `or ${line}`)),
  ].join(', ');
}

/** In one line where that fits, else with each command on a line of its own, ready to be copied. */
export function inLines(said: Said, width: number): readonly string[] {
  const line = inOneLine(said);
  if (stringWidth(line) <= width) return [line];
  const { text, commands } = said;
  return [
    ...wrapText(commands.length === 0 ? text : `${text}:`, width, '  '),
    ...commands.map((one) => `  ${one}${isUndo(one) ? '  # undoes it' : ''}`),
  ];
}

function isUndo(command: string): boolean {
  return command.endsWith(' --undo');
}

/** A rolling run is about all of its nodes, and at a moment only about those that it has in hand or has not brought through. */
export function concerns({ nodes, rolling }: RunNote, node: string): boolean {
  if (!nodes.includes(node)) return false;
  return rolling === undefined || [...rolling.inHand, ...rolling.failed].includes(node);
}

/** What is said of one node: by its runs, and by what contradicts them. */
export function saidOfNode(notes: RunNotes, node: string, wall: number): readonly Said[] {
  return [
    ...notes.runs.filter((note) => concerns(note, node)).map((note) => saidOfRun(note, wall)),
    ...notes.contradictions.filter((one) => one.node === node).map(saidOfContradiction),
  ];
}

/** What is said of a mark, to follow the name of the node; null where a run says it all. */
export function markText(note: MarkNote): string | null {
  if (note.state === 'foreign') return `held by a mark that is none of fsha's: ${printable(note.text)}`;
  const { run, who } = note.mark;
  const holder = `run ${printable(run)} of ${printable(who)}`;
  const age = note.age === null ? '' : `, marked ${shortAge(Math.max(0, note.age))} ago`;
  switch (note.state) {
    case 'noted':
      return null;
    case 'ended':
      return `still marked by ${holder}, which is over`;
    case 'left':
      return `left out by ${holder}${age}, which has ended on another host`;
    case 'fresh':
      if (note.mark.guard) return `kept out by ${holder}${age}, which gives way: on another host`;
      return `held by ${holder}${age}: may be under way on another host`;
    case 'stale':
      return `held by ${holder}${age}: stale, nobody renews it; on its host: fsha show ${printable(run)}`;
  }
}
