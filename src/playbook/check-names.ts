/** Templates and expressions of a playbook: that they can be read, and that every name in them is there by then. */
import { compileExpression, type ExpressionProblem } from '../domain/playbook/expression.ts';
import {
  paramPath,
  positionText,
  type PlaybookStep,
  type PlaybookVariable,
  type Position,
} from '../domain/playbook/playbook.ts';
import type { Names, Shape } from '../domain/playbook/scope.ts';
import { shellLineProblems } from '../domain/playbook/shell-line.ts';
import { checkTemplate, parseTemplate } from '../domain/playbook/template.ts';
import { variableNames } from '../domain/playbook/variables.ts';
import type { Path } from '../yaml/problem.ts';
import type { ParamShape } from './action.ts';
import { findAction } from './actions/registry.ts';
import { KNOWN_NAMES } from './known-names.ts';
import type { PlaybookProblems } from './playbook-problems.ts';
import { unbraced } from './read-step.ts';
import { valuesIn } from './check-shape.ts';

type InText = (at: Position, text: string, offset: number) => Position;

export function checkNames(
  steps: readonly PlaybookStep[],
  vars: readonly PlaybookVariable[],
  problems: PlaybookProblems,
  inText: InText,
): void {
  new NameCheck(problems, inText).list(steps, { ...KNOWN_NAMES, vars: { fields: variableNames(vars) } });
}

class NameCheck {
  readonly #problems: PlaybookProblems;
  readonly #inText: InText;
  /** Where each name was registered. */
  readonly #registered = new Map<string, Position>();

  constructor(problems: PlaybookProblems, inText: InText) {
    this.#problems = problems;
    this.#inText = inText;
  }

  /** @param before what is known before the first of them */
  list(steps: readonly PlaybookStep[], before: Names): void {
    let names = before;
    for (const step of steps) names = this.#step(step, names);
  }

  /** @returns what is known behind it */
  #step(step: PlaybookStep, names: Names): Names {
    const { when, params, places, register } = step;
    if (when !== undefined) this.#expression(when.text, when.at, ['when'], names);
    const action = findAction(step.action);
    for (const [path, value] of valuesIn(params)) {
      if (typeof value !== 'string' || action === undefined) continue;
      const at = places[paramPath(path)] ?? step.at;
      const shape = shapeAt(action.params, path, value);
      const where = [step.action, ...path];
      if (shape?.kind === 'expression') this.#expression(value, at, where, names);
      else if (shape?.literal !== true)
        this.#template(value, at, where, names, shape?.kind === 'text' && shape.shell === true);
    }
    const own = register === undefined ? {} : { [register]: resultShape(action?.result ?? {}) };
    if (register !== undefined) this.#register(register, step.at);
    const known = { ...names, ...own };
    if (step.check !== undefined) this.list([step.check], names);
    for (const nested of [step.rescue, step.undo, step.always]) this.list(nested ?? [], known);
    return known;
  }

  #register(name: string, at: Position): void {
    const before = this.#registered.get(name);
    if (before === undefined) this.#registered.set(name, at);
    else
      this.#problems.add(
        at,
        ['register'],
        `The name ${name} is registered twice, first at ${positionText(before)}. Choose another.`,
      );
  }

  #expression(text: string, at: Position, path: Path, names: Names): void {
    const inside = unbraced(text);
    if (inside !== undefined) {
      this.#problems.add(at, path, `An expression stands here without braces: write ${inside}.`);
      return;
    }
    const compiled = compileExpression(text);
    const found = 'problem' in compiled ? [compiled.problem] : compiled.value.check(names, 'boolean');
    this.#say(found, text, at, path);
  }

  #template(text: string, at: Position, path: Path, names: Names, shell: boolean): void {
    const parsed = parseTemplate(text);
    if ('problems' in parsed) this.#say(parsed.problems, text, at, path);
    else {
      this.#say(checkTemplate(parsed.value, names), text, at, path);
      if (shell) this.#say(shellLineProblems(parsed.value), text, at, path);
    }
  }

  #say(found: readonly ExpressionProblem[], text: string, at: Position, path: Path): void {
    for (const { message, offset } of found)
      this.#problems.add(this.#inText(at, text, offset), path, message);
  }
}

function resultShape(
  result: Readonly<Record<string, { readonly type: Exclude<Shape, { readonly fields: Names }> }>>,
): Shape {
  const fields = Object.entries(result).map(([name, { type }]): [string, Shape] => [name, type]);
  return { fields: { ok: 'boolean', error: 'string', ...Object.fromEntries(fields) } };
}

/** The shape of a text within parameters; undefined where whatever can stand there. */
export function shapeAt(shape: ParamShape, path: Path, text: string): ParamShape | undefined {
  if (shape.kind === 'either') {
    const shapes = shape.of.flatMap((one) => shapeAt(one, path, text) ?? []);
    return shapes[0];
  }
  const [part, ...rest] = path;
  if (part === undefined)
    return ['text', 'expression', 'choice', 'duration'].includes(shape.kind) ? shape : undefined;
  if (shape.kind === 'list' && typeof part === 'number') return shapeAt(shape.of, rest, text);
  if (shape.kind === 'map') return shapeAt(shape.of, rest, text);
  const field = shape.kind === 'fields' ? shape.fields[part] : undefined;
  return field === undefined ? undefined : shapeAt(field, rest, text);
}
