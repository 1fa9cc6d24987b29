/** The parser of the yaml package, kept from spending its time on garbage. */
import { Composer, Parser, YAMLParseError } from 'yaml';
import type { CST, Document, DocumentOptions, LineCounter, ParseOptions, SchemaOptions } from 'yaml';
import { MOST_PROBLEMS } from './problem.ts';

type Options = ParseOptions & DocumentOptions & SchemaOptions;

/**
 * The first document of a text, with its errors; a second one is an error. Garbage has an error for each character, and
 * an error takes as long as a hundred characters of an inventory, most of that for a stack trace that nobody reads: so
 * it is read no further than to the first errors of its outermost level, and what is behind these is no part of it.
 */
export function parseFirst(text: string, counter: LineCounter, options: Options): Document.Parsed {
  const traced = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    const composer = new Composer({ ...options, lineCounter: counter });
    const tokens = untilBroken(new Parser(counter.addNewLine).parse(text));
    // It makes a document even of nothing.
    let first: Document.Parsed | undefined;
    for (const document of composer.compose(tokens, true, text.length)) {
      if (first !== undefined) {
        const [start, end] = document.range;
        first.errors.push(new YAMLParseError([start, end], 'MULTIPLE_DOCS', 'more than one document'));
        break;
      }
      first = document;
    }
    if (first === undefined) throw new Error('the composer made no document');
    return first;
  } finally {
    Error.stackTraceLimit = traced;
  }
}

function* untilBroken(tokens: Iterable<CST.Token>): Generator<CST.Token> {
  let broken = 0;
  for (const token of tokens) {
    yield token;
    if (token.type !== 'error') continue;
    broken += 1;
    if (broken >= MOST_PROBLEMS) return;
  }
}
