/** Where a character of a YAML text stands in its file. */
import type { Position } from '../yaml/problem.ts';

/**
 * @param lines the lines of the file
 * @param at where the text begins, quotes and block marks included
 * @param text its value
 * @param offset in UTF-16 units of the value
 * @returns the exact place for texts on one line and for `|` blocks; else the place where the text begins
 */
export function positionInText(
  lines: readonly string[],
  at: Position,
  text: string,
  offset: number,
): Position {
  const source = lines[at.line - 1]?.slice(at.column - 1) ?? '';
  const mark = source[0] ?? '';
  if (mark === '|') return inBlock(lines, at, text, offset);
  if (mark === "'" || mark === '"') return inQuotes(source, mark, at, text, offset);
  return source.startsWith(text) ? { line: at.line, column: at.column + offset } : start(at);
}

function start({ line, column }: Position): Position {
  return { line, column };
}

/** A quoted text: what is escaped takes more characters than it stands for. */
function inQuotes(source: string, quote: string, at: Position, text: string, offset: number): Position {
  let index = 1;
  for (let seen = 0; seen < offset; seen += 1) {
    const written = source[index];
    const escaped = quote === "'" ? written === "'" && source[index + 1] === "'" : written === '\\';
    // Escapes of several characters, and texts that go on in the next line, are not followed.
    if (escaped && quote === '"' && !/["\\/]/.test(source[index + 1] ?? '')) return start(at);
    if ((escaped ? source[index + 1] : written) !== text[seen]) return start(at);
    index += escaped ? 2 : 1;
  }
  return { line: at.line, column: at.column + index };
}

/** A `|` block: its lines as they are, less their indentation. */
function inBlock(lines: readonly string[], at: Position, text: string, offset: number): Position {
  const before = text.slice(0, offset).split('\n');
  const line = at.line + before.length;
  const wanted = text.split('\n')[before.length - 1] ?? '';
  const source = lines[line - 1] ?? '';
  if (!source.endsWith(wanted)) return start(at);
  return { line, column: source.length - wanted.length + (before.at(-1)?.length ?? 0) + 1 };
}
