/** Shell lines into which values are put: each as words of its own, quoted, and never where quotes would not hold. */
import { shellQuote } from '../shell-quote.ts';
import type { ExpressionProblem, Outcome } from './expression.ts';
import { isJsonList, kindOfJson } from './json.ts';
import type { Values } from './scope.ts';
import { renderTemplate, scalarText, type Insert, type Template } from './template.ts';

/** A value as quoted words: a list becomes as many words as it has values. */
const shellWords: Insert = (value) => {
  const items = isJsonList(value) ? value : [value];
  const words: string[] = [];
  for (const item of items) {
    if (item === null || typeof item === 'object')
      return { wrong: `This is ${kindOfJson(item)}, and no word of a shell line can be made of it.` };
    const word = scalarText(item);
    if (word.includes('\0')) return { wrong: 'This text has a NUL byte, which no command line can carry.' };
    words.push(word);
  }
  return { value: shellQuote(words) };
};

/**
 * The places of a shell line at which no value can be put safely: inside quotes, in a comment, a here-document,
 * `…`, ${…} or $((…)), and right behind `$` or a backslash. To be asked before anything is carried out.
 */
export function shellLineProblems(template: Template): readonly ExpressionProblem[] {
  const problems: ExpressionProblem[] = [];
  const state = new ShellState();
  for (const part of template.parts) {
    if ('literal' in part) state.read(part.literal);
    else {
      const why = state.whyNoValue();
      if (why !== undefined) problems.push({ message: `A value cannot be put ${why}`, offset: part.offset });
      state.read('x');
    }
  }
  return problems;
}

/** The line that a shell is given. The places of the values are looked at once more: the template may come from a journal. */
export function renderShellLine(template: Template, values: Values): Outcome<string> {
  const [problem] = shellLineProblems(template);
  if (problem !== undefined) return { problem };
  const outcome = renderTemplate(template, values, shellWords);
  // With a way to put values in the result is a text.
  return 'problem' in outcome ? outcome : { value: outcome.value as string };
}

const NO_QUOTES = 'Leave the quotes out: every value is quoted as it is put in.';
const ARGV = 'Give the command as a list of words, or the value to a script as its argument.';

/** As much of a shell's reading as tells in which kind of place one stands. */
class ShellState {
  #quote: '' | "'" | '"' | '`' = '';
  #escaped = false;
  #dollar = false;
  #comment = false;
  #hereDocument = false;
  #expansion = false;
  #before = ' ';

  read(text: string): void {
    for (const [index, character] of Array.from(text).entries()) {
      this.#step(character, text.slice(index));
      this.#before = character;
    }
  }

  #step(character: string, rest: string): void {
    const dollar = this.#dollar;
    this.#dollar = false;
    if (this.#escaped) {
      this.#escaped = false;
      return;
    }
    if (this.#comment) {
      this.#comment = character !== '\n';
      return;
    }
    if (this.#quote === "'") {
      if (character === "'") this.#quote = '';
      return;
    }
    if (character === '\\') this.#escaped = true;
    else if (this.#quote !== '') {
      if (character === this.#quote) this.#quote = '';
    } else if (character === "'" || character === '"' || character === '`') this.#quote = character;
    else if (character === '$') this.#dollar = true;
    else if (dollar && (character === '{' || rest.startsWith('(('))) this.#expansion = true;
    else if (character === '<' && this.#before === '<') this.#hereDocument = true;
    else if (character === '#' && /[\s;&|()]/.test(this.#before)) this.#comment = true;
  }

  /** The rest of a sentence; undefined where a value can be put. */
  whyNoValue(): string | undefined {
    if (this.#quote === '`') return `between backticks. ${ARGV}`;
    if (this.#quote !== '') return `between quotes. ${NO_QUOTES}`;
    if (this.#escaped) return 'behind a backslash. Leave the backslash out: every value is quoted.';
    if (this.#dollar) return `behind $. ${ARGV}`;
    if (this.#comment) return `into a comment. Leave it out.`;
    if (this.#hereDocument) return `behind <<. ${ARGV}`;
    return this.#expansion ? `behind \${ or $((. ${ARGV}` : undefined;
  }
}
