/** What is new of runs since they were told last. */
import type { Contradiction } from '../domain/run-contradiction.ts';
import type { RunNote, RunNotes } from '../domain/run-notes.ts';
import { printable } from '../domain/text.ts';
import type { News } from './status-news-node.ts';
import { inOneLine, missingTexts, saidOfContradiction, saidOfRun } from './status-runs.ts';

export class RunNews {
  #runs: ReadonlyMap<string, RunNote> = new Map();
  #contradictions: ReadonlyMap<string, Contradiction> = new Map();
  #gaps: ReadonlySet<string> = new Set();
  #isMissing = false;

  /** What has changed since the last time; at first everything there is. */
  take(notes: RunNotes): readonly News[] {
    const { runs, contradictions, gaps, wall } = notes;
    const said = missingTexts(notes);
    const isNewlyMissing = said.length > 0 && !this.#isMissing;
    this.#isMissing = said.length > 0;
    const [runsBefore, contradictedBefore, gapsBefore] = [this.#runs, this.#contradictions, this.#gaps];
    this.#runs = new Map(runs.map((note) => [`${note.run} ${note.state} ${note.nodes.join(' ')}`, note]));
    this.#contradictions = new Map(contradictions.map((one) => [JSON.stringify(one), one]));
    this.#gaps = new Set(gaps);
    const contradicted = new Set(contradictions.map(({ node }) => node));
    return [
      ...added(this.#runs, runsBefore).map((note) => ({
        text: inOneLine(saidOfRun(note, wall)),
        bad: note.state !== 'in-progress',
      })),
      ...added(runsBefore, this.#runs)
        .filter(({ run, state }) => isOpen(state) && !runs.some((note) => note.run === run))
        .map(({ run, command, who }) => ({
          text: `run ${printable(run)} (${printable(command)}) by ${printable(who)} is over`,
          bad: false,
        })),
      ...added(this.#contradictions, contradictedBefore).map((one) => ({
        text: inOneLine(saidOfContradiction(one)),
        bad: true,
      })),
      ...added(contradictedBefore, this.#contradictions)
        .filter(({ node }) => !contradicted.has(node))
        .map(({ node }) => ({
          text: `${printable(node)}: its last run and the proxies no longer say different things`,
          bad: false,
        })),
      ...(isNewlyMissing ? said.map((text) => ({ text, bad: false })) : []),
      ...gaps
        .filter((gap) => !gapsBefore.has(gap))
        .map((gap) => ({ text: printable(gap, 1_000), bad: true })),
    ];
  }
}

function isOpen(state: RunNote['state']): boolean {
  return state === 'in-progress' || state === 'interrupted' || state === 'unfinished';
}

function added<T>(now: ReadonlyMap<string, T>, before: ReadonlyMap<string, T>): readonly T[] {
  return [...now].flatMap(([key, value]) => (before.has(key) ? [] : [value]));
}
