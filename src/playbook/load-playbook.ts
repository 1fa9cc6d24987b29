/** A file → a playbook, checked as a whole, with everything that it includes. */
import { dirname, resolve } from 'node:path';
import type { Playbook, PlaybookFile, PlaybookStep, PlaybookVariable } from '../domain/playbook/playbook.ts';
import type { Path } from '../yaml/problem.ts';
import { saidFile } from '../yaml/said-back.ts';
import { mismatch } from '../yaml/scalar.ts';
import { checkNames } from './check-names.ts';
import { type PlaybookFileRead, readPlaybookFile } from './playbook-file.ts';
import { PlaybookProblems } from './playbook-problems.ts';
import { readHeader } from './read-header.ts';
import { isMap } from './check-shape.ts';
import { nestedKeys, readStep } from './read-step.ts';

export interface LoadPlaybookOptions {
  /** What a relative path is relative to, and what paths in messages are shortened by. */
  readonly cwd: string;
}

/** So many files may be included one by the other. */
const MOST_INCLUDED = 8;
/** Of one playbook, with its includes. */
const MOST_STEPS = 500;
/** A rescue within a rescue within a rescue. */
const MOST_NESTED = 4;

/**
 * Reads and checks a playbook.
 * @throws FshaError `usage` that lists every problem, one a line, each with FILE:LINE:COLUMN
 */
export async function loadPlaybook(path: string, { cwd }: LoadPlaybookOptions): Promise<Playbook> {
  const problems = new PlaybookProblems();
  const absolute = resolve(cwd, path);
  const file = await readPlaybookFile(absolute, cwd, problems);
  const header = readHeader(file, problems);
  const reader = new StepsReader(cwd, problems, file);
  const steps = header === undefined ? [] : await reader.whole(file, [absolute]);
  if (header === undefined) problems.throwAny();
  const { name = '', description = '', vars = [], strategy = {}, nodes } = header ?? {};
  const known = [...vars];
  for (const variable of reader.vars)
    if (!known.some((one) => one.name === variable.name)) known.push(variable);
  checkNames(steps, known, problems, (at, text, offset) => reader.inText(at, text, offset));
  problems.throwAny();
  return {
    name,
    description,
    files: reader.files,
    vars: known,
    ...(nodes === undefined ? {} : { nodes }),
    strategy,
    steps,
  };
}

class StepsReader {
  readonly #cwd: string;
  readonly #problems: PlaybookProblems;
  readonly #files = new Map<string, PlaybookFileRead>();
  /** Variables of included files. */
  readonly vars: PlaybookVariable[] = [];
  #count = 0;

  constructor(cwd: string, problems: PlaybookProblems, file: PlaybookFileRead) {
    this.#cwd = cwd;
    this.#problems = problems;
    this.#files.set(file.path, file);
  }

  get files(): readonly PlaybookFile[] {
    return [...this.#files.values()].map(({ path, sha256 }) => ({ path, sha256 }));
  }

  readonly inText: PlaybookFileRead['inText'] = (at, text, offset) => {
    const file = [...this.#files.values()].find((one) => one.at([]).file === at.file);
    return file === undefined ? at : file.inText(at, text, offset);
  };

  /** The steps of a file. @param chain the files that include each other, the last is this one */
  async whole(file: PlaybookFileRead, chain: readonly string[]): Promise<readonly PlaybookStep[]> {
    const written = isMap(file.value) ? file.value['steps'] : undefined;
    if (Array.isArray(written) && written.length > 0) return this.#list(file, written, ['steps'], chain, 0);
    this.#problems.add(
      file.at(['steps']),
      ['steps'],
      Array.isArray(written)
        ? 'This list is empty: a playbook has one step at least.'
        : mismatch(written, 'a list of steps'),
    );
    return [];
  }

  async #list(
    file: PlaybookFileRead,
    written: readonly unknown[],
    path: Path,
    chain: readonly string[],
    level: number,
  ): Promise<readonly PlaybookStep[]> {
    const steps: PlaybookStep[] = [];
    for (const [index, one] of written.entries())
      steps.push(...(await this.#step(file, one, [...path, index], chain, level)));
    return steps;
  }

  async #step(
    file: PlaybookFileRead,
    written: unknown,
    path: Path,
    chain: readonly string[],
    level: number,
  ): Promise<readonly PlaybookStep[]> {
    this.#count += 1;
    if (this.#count > MOST_STEPS) {
      if (this.#count === MOST_STEPS + 1)
        this.#problems.add(
          file.at(path),
          path,
          `With its includes the playbook has more than ${MOST_STEPS} steps.`,
        );
      return [];
    }
    const read = readStep(file, written, path, this.#problems);
    const nested: { -readonly [K in 'check' | 'rescue' | 'always' | 'undo']?: PlaybookStep[K] } = {};
    for (const key of nestedKeys(written)) {
      const inside = isMap(written) ? written[key] : undefined;
      const place = [...path, key];
      if (level >= MOST_NESTED) {
        this.#problems.add(
          file.at(place, true),
          place,
          'Steps are nested too deeply here: make a playbook of them.',
        );
      } else if (key === 'check') {
        const [check] = await this.#step(file, inside, place, chain, level + 1);
        if (check !== undefined) nested.check = this.#plain(check, place);
      } else if (Array.isArray(inside)) {
        nested[key] = await this.#list(file, inside, place, chain, level + 1);
      } else {
        this.#problems.add(file.at(place), place, mismatch(inside, 'a list of steps'));
      }
    }
    if (read === undefined) return [];
    if (read.action.name === 'include') return this.#include(file, read.step, path, chain);
    return [{ ...read.step, ...nested }];
  }

  /** A check looks, and does nothing that would have to be looked after in turn. */
  #plain(check: PlaybookStep, path: Path): PlaybookStep {
    for (const key of [
      'when',
      'register',
      'rerun',
      'check',
      'rescue',
      'always',
      'undo',
      'disruptive',
      'cutsCalls',
    ] as const)
      if (check[key] !== undefined)
        this.#problems.add(check.at, path, `A check takes no ${key}. Remove this key.`);
    return check;
  }

  async #include(
    file: PlaybookFileRead,
    step: PlaybookStep,
    path: Path,
    chain: readonly string[],
  ): Promise<readonly PlaybookStep[]> {
    const place = [...path, 'include'];
    const say = (text: string): [] => {
      this.#problems.add(step.places['file'] ?? step.at, place, text);
      return [];
    };
    const { file: name } = step.params;
    if (typeof name !== 'string' || name === '') return [];
    const wanted = resolve(dirname(file.path), name);
    if (chain.includes(wanted)) {
      const names = [...chain.slice(chain.indexOf(wanted)), wanted].map((one) => saidFile(this.#shown(one)));
      return say(`These playbooks include each other without end: ${names.join(' → ')}.`);
    }
    if (chain.length > MOST_INCLUDED)
      return say(`More than ${MOST_INCLUDED} playbooks include one another here.`);
    let included = this.#files.get(wanted);
    if (included === undefined) {
      try {
        included = await readPlaybookFile(wanted, this.#cwd, this.#problems);
      } catch (error) {
        return say(error instanceof Error ? error.message : 'The playbook cannot be read.');
      }
      this.#files.set(wanted, included);
      this.vars.push(...(readHeader(included, this.#problems)?.vars ?? []));
    }
    return this.whole(included, [...chain, wanted]);
  }

  #shown(path: string): string {
    return this.#files.get(path)?.at([]).file ?? path;
  }
}
