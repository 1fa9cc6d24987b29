/** Bounds the nesting of a YAML text before anything recursive sees it. */
import { Lexer } from 'yaml';
import type { Position } from './problem.ts';

/** The deepest key of an inventory is 6 levels down, that of a playbook some more for each rescue in a rescue. */
export const MOST_LEVELS = 32;

/**
 * Where brackets or dashes are nested beyond bounds. The parser is recursive, and V8 ends the whole process when a
 * regular expression is compiled on a nearly full stack (yaml 2.9.1 with 100,000 brackets), so this looks before.
 */
export function tooDeepAt(text: string): Position | undefined {
  let offset = 0;
  let brackets = 0;
  let dashes = 0;
  let scalarNext = false;
  for (const token of new Lexer().lex(text)) {
    // Marks that the lexer puts between the pieces of the source; 1f says that what follows is a text.
    if (/^[\u0002\u0018\u001f]$/.test(token)) {
      scalarNext = token === '\u001f';
      continue;
    }
    if (!scalarNext) {
      if (token === '[' || token === '{') brackets += 1;
      else if (token === ']' || token === '}') brackets -= 1;
      else if (token === '-' || token === '?') dashes += 1;
      else if (token.endsWith('\n')) dashes = 0;
      if (brackets > MOST_LEVELS || dashes > MOST_LEVELS) return lineColumn(text, offset);
    }
    scalarNext = false;
    offset += token.length;
  }
  return undefined;
}

function lineColumn(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
