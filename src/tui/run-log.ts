/** The short log of a run: what is worth knowing beside the counts, in the words of output/sentences. */
import type { RunEvent } from '../domain/run-events.ts';
import { printable } from '../domain/text.ts';
import { sayEvent, type Said } from '../output/sentences/registry.ts';
import { type Level, SentenceMemory } from '../output/sentences/sentence.ts';

export interface LogEntry {
  /** Wall clock, ISO 8601; of its last repetition. */
  readonly at: string;
  readonly level: Level;
  /** null: it is about the whole run. */
  readonly node: string | null;
  /** Without the node's name where the run has only one; at least one line. */
  readonly lines: readonly string[];
  /** So many times in a row. */
  readonly times: number;
}

const CAPACITY = 200;

/** Puts each event into words, once, and keeps those that belong into the log. */
export class RunLog {
  readonly #memory = new SentenceMemory(false);
  #entries: readonly LogEntry[] = [];
  #progress = new Map<string, string>();

  get entries(): readonly LogEntry[] {
    return this.#entries;
  }

  /**
   * @param withNode whether the node's name is said
   * @returns the event in words; null where it has none
   */
  note(event: RunEvent, withNode: boolean): Said | null {
    const said = this.#inWords(event);
    if (said === null) return null;
    const text = withNode ? said.text : withoutSubject(said.text, event.node);
    if (this.#isWanted(event, said.level))
      this.add({ at: event.at, level: said.level, node: event.node ?? null, text });
    return { level: said.level, text: withoutSubject(said.text, event.node) };
  }

  #inWords(event: RunEvent): Said | null {
    try {
      const said = sayEvent(event, this.#memory);
      this.#memory.note(event);
      return said;
    } catch {
      return {
        level: 'warning',
        text: `event ${String(event.seq)} (${printable(event.type)}) cannot be put into words`,
      };
    }
  }

  #isWanted(event: RunEvent, level: Level): boolean {
    // These have a place of their own on the screen.
    if (event.type === 'run.started' || event.type === 'run.settled' || level === 'detail') return false;
    if (event.type !== 'step.progress') return true;
    // Counts have a place of their own; that it became blind, or sees again, is news.
    const key = `${event.node ?? ''} ${event.step ?? ''}`;
    const before = this.#progress.get(key) ?? 'info';
    this.#progress.set(key, level);
    return before !== level;
  }

  /** Adds what no event says. @param entry its text may have several lines */
  add({ at, level, node, text }: Omit<LogEntry, 'lines' | 'times'> & { readonly text: string }): void {
    const lines = text.split('\n');
    const last = this.#entries.at(-1);
    const isAgain = last?.level === level && last.node === node && last.lines.join('\n') === text;
    const kept = isAgain ? this.#entries.slice(0, -1) : this.#entries.slice(-(CAPACITY - 1));
    this.#entries = [...kept, { at, level, node, lines, times: isAgain ? last.times + 1 : 1 }];
  }
}

function withoutSubject(text: string, node: string | undefined): string {
  const subject = `${printable(node ?? '')}: `;
  return node !== undefined && text.startsWith(subject) ? text.slice(subject.length) : text;
}
