/** One step as it is written, held against the shape of its action. Names in it are looked at in check-names.ts. */
import { dirname, isAbsolute, join } from 'node:path';
import { parseDuration } from '../domain/duration.ts';
import { jsonObject, type JsonObject } from '../domain/playbook/json.ts';
import { paramPath, type PlaybookStep, type Position } from '../domain/playbook/playbook.ts';
import { registerNameProblem } from '../domain/playbook/scope.ts';
import { nearestKey } from '../domain/nearest-key.ts';
import type { Path } from '../yaml/problem.ts';
import { mismatch } from '../yaml/scalar.ts';
import type { Action } from './action.ts';
import { ACTIONS, findAction } from './actions/registry.ts';
import type { PlaybookFileRead } from './playbook-file.ts';
import type { PlaybookProblems } from './playbook-problems.ts';
import { checkShape, expectedOf, hasTemplate, isJson, isMap, valuesIn } from './check-shape.ts';
import { NESTED, STEP_FIELDS, STEP_KEYS } from './step-shape.ts';

/** A step without what is nested in it. */
export interface ReadStep {
  readonly action: Action;
  readonly step: PlaybookStep;
}

type Say = (path: Path, text: string, atKey?: boolean) => void;

/** @returns undefined where it has no action that is known */
export function readStep(
  file: PlaybookFileRead,
  written: unknown,
  path: Path,
  problems: PlaybookProblems,
): ReadStep | undefined {
  const say: Say = (inside, text, atKey = false) => {
    const whole = [...path, ...inside];
    problems.add(file.at(whole, atKey), whole, text);
  };
  if (!isMap(written)) {
    const known = typeof written === 'string' && findAction(written) !== undefined;
    say([], known ? `A colon is missing behind the action: write ${written}:` : mismatch(written, 'a step'));
    return undefined;
  }
  const action = actionOf(written, say);
  for (const [key, shape] of Object.entries(STEP_FIELDS)) {
    if (Object.hasOwn(written, key))
      checkShape(shape, written[key], (inside, text, atKey) => say([key, ...inside], text, atKey));
  }
  if (action === undefined) return undefined;
  for (const key of action.without ?? [])
    if (Object.hasOwn(written, key))
      say([key], `The action ${action.name} takes no ${key}. Remove this key.`, true);
  const { disruptive, cutsCalls, register } = written;
  if (disruptive === true && cutsCalls === true)
    say(['cutsCalls'], 'A step is either disruptive, which waits for calls, or cuts them.', true);
  if (Object.hasOwn(written, 'rerun') && Object.hasOwn(written, 'check'))
    say(['rerun'], 'With a check it is known whether the step was done: remove one of the two.', true);
  const badName = typeof register === 'string' ? registerNameProblem(register) : undefined;
  if (badName !== undefined) say(['register'], badName);
  const own = [...path, action.name];
  const params = paramsOf(action, written[action.name], (inside, text, atKey) =>
    say([action.name, ...inside], text, atKey),
  );
  return {
    action,
    step: {
      ...(typeof written['name'] === 'string' ? { name: written['name'] } : {}),
      at: file.at(path),
      action: action.name,
      params: withWholePaths(action, params, file.path),
      places: placesOf(file, own, params, action, written[action.name]),
      ...optional(file, written, path),
    },
  };
}

function actionOf(written: Record<string, unknown>, say: Say): Action | undefined {
  const found = Object.keys(written).flatMap((key) => findAction(key) ?? []);
  const names = ACTIONS.map(({ name }) => name);
  let near = false;
  for (const key of Object.keys(written)) {
    if (STEP_KEYS.includes(key) || findAction(key) !== undefined) continue;
    const nearest = nearestKey(key, [...STEP_KEYS, ...names]);
    near ||= nearest !== undefined && names.includes(nearest);
    const known =
      found.length === 0
        ? `Actions are ${names.join(', ')}.`
        : `Beside its action a step has ${STEP_KEYS.join(', ')}.`;
    say(
      [key],
      `This ${found.length === 0 ? 'action' : 'key'} is not known here. ${nearest === undefined ? known : `Did you mean ${nearest}?`}`,
      true,
    );
    near ||= found.length === 0;
  }
  const [first, second] = found;
  if (first === undefined && !near) say([], `This step has no action. Write one of ${names.join(', ')}.`);
  if (first !== undefined && second !== undefined)
    say(
      [second.name],
      `A step has one action, and this has ${first.name} and ${second.name}. Make two steps of it.`,
      true,
    );
  return first;
}

/** As a map; the short form is written out. */
function paramsOf(action: Action, written: unknown, say: Say): JsonObject {
  const { params, short } = action;
  const isShort = short !== undefined && written !== null && !isMap(written);
  // `preflight:` is a map without anything in it.
  const whole = isShort ? { [short]: written } : (written ?? {});
  const before = new Set<string>();
  checkShape(params, whole, (path, text, atKey) => {
    const shown = isShort ? path.slice(1) : path;
    const field = short === undefined ? undefined : params.fields[short];
    // Nothing stands there: what is missing is the value itself.
    const said =
      written === null && field !== undefined
        ? `Nothing stands here: ${expectedOf(field)} is expected.`
        : text;
    if (!before.has(said)) say(shown, said, atKey);
    before.add(said);
  });
  if (!isMap(whole)) return {};
  const problems = action.check && isJson(whole) ? action.check(jsonObject(Object.entries(whole))) : [];
  if (before.size === 0) for (const { path, text } of problems) say(isShort ? path.slice(1) : path, text);
  return jsonObject(Object.entries(whole).flatMap(([key, value]) => (isJson(value) ? [[key, value]] : [])));
}

function placesOf(
  file: PlaybookFileRead,
  own: Path,
  params: JsonObject,
  action: Action,
  written: unknown,
): Readonly<Record<string, Position>> {
  const isShort = !isMap(written);
  const entries = [...valuesIn(params)].map(([path]): [string, Position] => [
    paramPath(path),
    file.at([...own, ...(isShort && path[0] === action.short ? path.slice(1) : path)]),
  ]);
  return Object.fromEntries(entries);
}

type Optional = Pick<PlaybookStep, 'when' | 'timeout' | 'register' | 'rerun' | 'disruptive' | 'cutsCalls'>;

function optional(file: PlaybookFileRead, written: Record<string, unknown>, path: Path): Optional {
  const { when, timeout, register, rerun, disruptive, cutsCalls } = written;
  const ms = typeof timeout === 'string' ? parseDuration(timeout) : undefined;
  return {
    ...(typeof when === 'string' ? { when: { text: when, at: file.at([...path, 'when']) } } : {}),
    ...(ms === undefined ? {} : { timeout: ms }),
    ...(typeof register === 'string' ? { register } : {}),
    ...(rerun === 'safe' ? { rerun } : {}),
    ...(disruptive === true ? { disruptive } : {}),
    ...(cutsCalls === true ? { cutsCalls } : {}),
  };
}

/** The keys of a step that hold steps, as far as they are there. */
export function nestedKeys(written: unknown): readonly (keyof typeof NESTED)[] {
  if (!isMap(written)) return [];
  return (['check', 'rescue', 'always', 'undo'] as const).filter((key) => Object.hasOwn(written, key));
}

/** What stands where an expression is expected and was put into braces, as in a text. */
export function unbraced(text: string): string | undefined {
  return hasTemplate(text) ? /^\s*\{\{(.*)\}\}\s*$/s.exec(text)?.[1]?.trim() : undefined;
}

/** With the paths of files on this machine made absolute: they are relative to the playbook in which they are written. */
function withWholePaths({ params: shape }: Action, params: JsonObject, playbook: string): JsonObject {
  return jsonObject(
    Object.entries(params).map(([key, value]) => {
      const field = shape.fields[key];
      const isPath = field?.kind === 'text' && field.file === true && typeof value === 'string';
      const stays = !isPath || isAbsolute(value) || value.startsWith('{{');
      return [key, stays ? value : join(dirname(playbook), value)];
    }),
  );
}
