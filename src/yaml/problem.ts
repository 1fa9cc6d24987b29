/** What is wrong with a YAML file, where, and how that is said. */
import { saidKey, saidWhole } from './said-back.ts';

/** Keys and list indices from the root of the file. */
export type Path = readonly (string | number)[];

/** 1-based, as editors count. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Problem {
  readonly path: Path;
  /** One or two whole sentences: what is wrong and what to write. Never holds the value of a secret. */
  readonly text: string;
  /** Where the path alone does not lead to the place, for example in broken YAML. */
  readonly position?: Position;
  /** Whether the key itself is wrong and not its value. */
  readonly atKey?: boolean;
  /** `secret` where the file is right and a variable or file that it names is not. */
  readonly kind?: 'secret';
}

/** Beyond this many lines nobody reads on. */
const MOST_LINES = 100;

/** Of what is no YAML so many problems are looked for. */
export const MOST_PROBLEMS = 1_000;

/** `nodes.node-1.destinations[0].uri` */
export function pathText(path: Path): string {
  const whole = path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? saidKey(part) : `${text}.${saidKey(part)}`;
  }, '');
  return saidWhole(whole);
}

/** `fsha.yaml:11:16 drain.timeout: …`, the form that editors and terminals make a link of. */
export function problemLine(file: string, problem: Problem, locate: (problem: Problem) => Position): string {
  const { line, column } = problem.position ?? locate(problem);
  const path = pathText(problem.path);
  return `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${saidWhole(problem.text)}`;
}

/** Every problem as a line, in the order of the file, no more of them than anybody reads. */
export function problemLines(
  file: string,
  problems: readonly Problem[],
  locate: (problem: Problem) => Position,
): readonly string[] {
  const placed = problems.map((problem) => ({ ...problem, position: problem.position ?? locate(problem) }));
  placed.sort(({ position: a }, { position: b }) => a.line - b.line || a.column - b.column);
  // A default that is wrong is wrong under every node, and is said once.
  const lines = [...new Set(placed.map((problem) => problemLine(file, problem, locate)))];
  const shown = lines.slice(0, MOST_LINES);
  const more = lines.length - shown.length;
  if (more > 0)
    shown.push(`${file}: … and ${more} more problems${placed.length < MOST_PROBLEMS ? '' : ' at least'}.`);
  return shown;
}
