/** YAML with a position for everything in it, bounded in size and depth. */
import { LineCounter, isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Document, Node, Pair, YAMLError } from 'yaml';
import { MOST_LEVELS, tooDeepAt } from './yaml-depth.ts';
import { parseFirst } from './yaml-parse.ts';
import { BAD_ALIAS, TOO_DEEP, syntaxSentence } from './yaml-syntax.ts';
import { MOST_PROBLEMS, type Path, type Position, type Problem } from './problem.ts';

/** Values in a file with every alias written out: an inventory of 5,000 nodes has about 150,000. */
const MOST_VALUES = 250_000;
const START: Position = { line: 1, column: 1 };

export interface YamlDocument {
  /** Plain data; undefined where the text is not YAML that can be used. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** The place of a path; where it leads to nothing, the place of the last part that is there. */
  readonly locate: (problem: Pick<Problem, 'path' | 'atKey'>) => Position;
  /** The keys of a map in the order in which they are written, which plain objects do not keep for keys like `10`. */
  readonly keys: (path: Path) => readonly string[];
}

/**
 * Reads one YAML 1.2 document. Anchors, aliases and `<<` are followed within bounds; never throws.
 * @param what what it is, as a subject: `The inventory`
 */
export function readYaml(text: string, what = 'This file'): YamlDocument {
  const counter = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = counter.linePos(offset);
    // The counter answers line 0 for a file without a line.
    return line < 1 ? START : { line, column: col };
  };
  const deep = tooDeepAt(text);
  if (deep !== undefined) return unusable([{ path: [], text: TOO_DEEP, position: deep }]);
  let document: Document.Parsed;
  try {
    document = parseFirst(text, counter, {
      merge: true,
      stringKeys: true,
      // Looked for below, which also says where the first one is.
      uniqueKeys: false,
      // The pretty form quotes source lines, and these may hold secrets.
      prettyErrors: false,
    });
  } catch {
    return unusable([{ path: [], text: TOO_DEEP, position: START }]);
  }
  const broken: YAMLError[] = [...document.errors, ...document.warnings].slice(0, MOST_PROBLEMS);
  if (broken.length > 0) {
    return unusable(
      broken.map((error) => ({ path: [], text: syntaxSentence(error), position: position(error.pos[0]) })),
    );
  }
  if (document.directives.yaml.version !== '1.2') {
    return unusable([{ path: [], text: `${what} is YAML 1.2. Remove the %YAML line.`, position: START }]);
  }
  const survey = surveyDocument(document.contents, position);
  if (!survey.usable) return unusable(survey.problems);
  let value: unknown;
  try {
    // The survey has bounded what aliases can become.
    value = document.toJS({ maxAliasCount: -1 });
  } catch {
    return unusable([{ path: [], text: 'This YAML cannot be turned into plain values.', position: START }]);
  }
  const target = (node: unknown): unknown => (isAlias(node) ? survey.aliases.get(node) : node);
  const pairs = pairFinder(target);
  const find = (path: Path): Found => follow(document.contents, path, target, pairs);
  return {
    value,
    problems: survey.problems,
    locate: ({ path, atKey }) => {
      const found = find(path);
      const node =
        atKey === true || !found.whole || !isPlainValue(found.value)
          ? (found.key ?? found.value)
          : found.value;
      const offset = rangeStart(node) ?? rangeStart(found.key);
      return offset === undefined ? START : position(offset);
    },
    keys: (path) => {
      const found = find(path);
      return found.whole ? [...pairs(found.value).keys()] : [];
    },
  };
}

function unusable(problems: readonly Problem[]): YamlDocument {
  return { value: undefined, problems, locate: () => START, keys: () => [] };
}

interface Survey {
  readonly usable: boolean;
  readonly problems: readonly Problem[];
  readonly aliases: ReadonlyMap<unknown, unknown>;
}

/** Goes through everything once, aliases written out, before any of it becomes data. */
function surveyDocument(root: unknown, position: (offset: number) => Position): Survey {
  const problems: Problem[] = [];
  const anchors = new Map<string, unknown>();
  const aliases = new Map<unknown, unknown>();
  const seen = new Set<unknown>();
  let values = 0;
  let stopped = false;

  const stop = (node: unknown, path: Path, text: string): void => {
    stopped = true;
    problems.push({ path, text, position: position(rangeStart(node) ?? 0) });
  };
  const walk = (node: unknown, path: Path, level: number): void => {
    if (stopped) return;
    values += 1;
    if (values > MOST_VALUES) {
      stop(node, [], `With its aliases written out the file has more than ${MOST_VALUES} values.`);
    } else if (level > MOST_LEVELS) {
      stop(node, [], TOO_DEEP);
    } else if (isAlias(node)) {
      if (!aliases.has(node)) aliases.set(node, anchors.get(node.source));
      const anchored = aliases.get(node);
      if (anchored === undefined) stop(node, [], BAD_ALIAS);
      else walk(anchored, path, level + 1);
    } else {
      const first = !seen.has(node);
      seen.add(node);
      if (first && hasAnchor(node)) anchors.set(node.anchor, node);
      if (isSeq(node)) node.items.forEach((item, index) => walk(item, [...path, index], level + 1));
      if (!isMap(node)) return;
      if (first) for (const problem of keyProblems(node.items, path, position)) problems.push(problem);
      for (const pair of node.items) walkPair(pair, path, level);
    }
  };
  const walkPair = (pair: Pair, path: Path, level: number): void => {
    walk(pair.value, isMerge(pair) ? path : [...path, keyText(pair)], level + 1);
    if (isMerge(pair) && !stopped && !isMergeSource(pair.value, aliases)) {
      stop(pair.key, path, 'What << merges has to be a map, or a list of maps.');
    }
  };
  walk(root, [], 0);
  return { usable: !stopped, problems, aliases };
}

function keyProblems(pairs: readonly Pair[], path: Path, position: (offset: number) => Position): Problem[] {
  const problems: Problem[] = [];
  const first = new Map<string, Position>();
  for (const pair of pairs) {
    const key = keyText(pair);
    const place = position(rangeStart(pair.key) ?? 0);
    const before = first.get(key);
    if (key === '__proto__')
      problems.push({ path: [...path, key], text: 'This name cannot be used as a key.', position: place });
    if (before === undefined) first.set(key, place);
    else
      problems.push({
        path: [...path, key],
        text: `This key stands here twice, first at line ${before.line}.`,
        position: place,
      });
  }
  return problems;
}

interface Found {
  readonly key: unknown;
  readonly value: unknown;
  /** Whether the whole path was found, or only its beginning. */
  readonly whole: boolean;
}

/** The pairs of a map by their keys; remembered, since a large map may hold a problem at each of its keys. */
type PairFinder = (node: unknown) => ReadonlyMap<string, Pair>;

function pairFinder(target: (node: unknown) => unknown): PairFinder {
  const found = new Map<unknown, ReadonlyMap<string, Pair>>();
  return (node) => {
    const map = target(node);
    const before = found.get(map);
    if (before !== undefined) return before;
    const pairs = new Map<string, Pair>();
    for (const pair of pairsOf(map, target)) {
      const key = keyText(pair);
      if (!pairs.has(key)) pairs.set(key, pair);
    }
    found.set(map, pairs);
    return pairs;
  };
}

function follow(root: unknown, path: Path, target: (node: unknown) => unknown, pairs: PairFinder): Found {
  let found: Found = { key: undefined, value: root, whole: true };
  for (const part of path) {
    const inside = target(found.value);
    let next: Found | undefined;
    if (isSeq(inside) && typeof part === 'number') {
      const item: unknown = inside.items[part];
      next = item === undefined ? undefined : { key: item, value: item, whole: true };
    } else {
      const pair = pairs(inside).get(String(part));
      next = pair && { key: pair.key, value: pair.value, whole: true };
    }
    if (next === undefined) return { ...found, whole: false };
    found = next;
  }
  return found;
}

/** The pairs of a map, its own before those it merges. */
function pairsOf(node: unknown, target: (node: unknown) => unknown, level = 0): Pair[] {
  const map = target(node);
  if (!isMap(map) || level > MOST_LEVELS) return [];
  const own = map.items.filter((pair) => !isMerge(pair));
  const merged = map.items.filter(isMerge).flatMap((pair) => {
    const source = target(pair.value);
    return isSeq(source)
      ? source.items.flatMap((item) => pairsOf(item, target, level + 1))
      : pairsOf(source, target, level + 1);
  });
  return [...own, ...merged];
}

function isMerge(pair: Pair): boolean {
  return keyText(pair) === '<<';
}

function isMergeSource(node: unknown, aliases: ReadonlyMap<unknown, unknown>): boolean {
  const source = isAlias(node) ? aliases.get(node) : node;
  if (isSeq(source)) return source.items.every((item) => isMap(isAlias(item) ? aliases.get(item) : item));
  return isMap(source);
}

function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function isPlainValue(node: unknown): boolean {
  return isScalar(node) && node.value !== null;
}

function hasAnchor(node: unknown): node is Node & { anchor: string } {
  return (isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined;
}

function rangeStart(node: unknown): number | undefined {
  const ranged = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node);
  return ranged ? node.range?.[0] : undefined;
}
