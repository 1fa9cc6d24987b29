/** Everything of a playbook but its steps. */
import type { NodeSelection, Playbook, PlaybookVariable, VariableType } from '../domain/playbook/playbook.ts';
import { nameProblem } from '../domain/playbook/scope.ts';
import { readSecretDefault, readVariableValue } from '../domain/playbook/variables.ts';
import { parseDuration } from '../domain/duration.ts';
import { mismatch } from '../yaml/scalar.ts';
import type { Path } from '../yaml/problem.ts';
import type { PlaybookFileRead } from './playbook-file.ts';
import type { PlaybookProblems } from './playbook-problems.ts';
import { checkShape, expectedOf, isJson, isMap, unknownKey } from './check-shape.ts';
import { HEADER, VARIABLE_TYPES } from './step-shape.ts';

export type Header = Pick<Playbook, 'name' | 'description' | 'vars' | 'nodes' | 'strategy'>;

/** @returns undefined where the file is no playbook of this version: what else is in it says nothing then */
export function readHeader(file: PlaybookFileRead, problems: PlaybookProblems): Header | undefined {
  const written = file.value;
  const say = (path: Path, text: string, atKey = false): void =>
    problems.add(file.at(path, atKey), path, text);
  // Where it is no YAML, that has been said.
  if (written === undefined) return undefined;
  if (!isMap(written)) {
    say([], mismatch(written, 'a map with version: 1, name and steps'));
    return undefined;
  }
  if (written['version'] !== 1) {
    const what =
      written['version'] === undefined
        ? 'The version of the format is missing'
        : 'This fsha reads version 1 only';
    say(['version'], `${what}: write version: 1.`);
    return undefined;
  }
  const known = ['version', ...Object.keys(HEADER), 'steps'];
  for (const key of file.keys([])) if (!known.includes(key)) say([key], unknownKey(key, known), true);
  for (const [key, shape] of Object.entries(HEADER)) {
    if (Object.hasOwn(written, key))
      checkShape(shape, written[key], (path, text, atKey) => say([key, ...path], text, atKey));
    else if (shape.required === true) say([], `The key ${key} is missing: ${expectedOf(shape)} is expected.`);
  }
  return {
    name: textOf(written['name']),
    description: textOf(written['description']),
    vars: readVariables(file, written['vars'], say),
    ...nodesOf(file, written['nodes']),
    strategy: strategyOf(written['strategy']),
  };
}

type Say = (path: Path, text: string, atKey?: boolean) => void;

function readVariables(file: PlaybookFileRead, written: unknown, say: Say): readonly PlaybookVariable[] {
  if (!isMap(written)) return [];
  return file.keys(['vars']).flatMap((name): PlaybookVariable[] => {
    const path = ['vars', name];
    const declared = written[name];
    const wrong = nameProblem(name);
    if (wrong !== undefined) say(path, wrong, true);
    if (!isMap(declared)) return [];
    const type = isType(declared['type']) ? declared['type'] : 'string';
    const secret = declared['secret'] === true;
    const required = declared['required'] === true;
    const at = file.at(path, true);
    const base = { name, type, description: textOf(declared['description']), required, secret, at };
    if (secret && type !== 'string') say([...path, 'type'], 'A secret is a text: leave the type out.');
    const value = declared['default'];
    if (value === undefined) {
      if (!required)
        say(path, 'Give it a default, or write required: true: else it may have no value.', true);
      return [base];
    }
    const asWritten = isJson(value) ? value : null;
    const reading = secret ? readSecretDefault(asWritten) : readVariableValue(type, asWritten);
    if ('wrong' in reading) say([...path, 'default'], reading.wrong);
    return [{ ...base, default: asWritten }];
  });
}

function isType(written: unknown): written is VariableType {
  return VARIABLE_TYPES.some((type) => type === written);
}

function nodesOf(file: PlaybookFileRead, written: unknown): { readonly nodes?: NodeSelection } {
  const at = file.at(['nodes']);
  if (written === 'all' || written === 'any') return { nodes: { by: written, at } };
  if (Array.isArray(written)) {
    const names = written.flatMap((text: unknown, index) =>
      typeof text === 'string' ? [{ text, at: file.at(['nodes', index]) }] : [],
    );
    return { nodes: { by: 'names', names, at } };
  }
  if (!isMap(written)) return {};
  const select = Array.isArray(written['select']) ? written['select'] : [written['select']];
  const labels = select.filter((label): label is string => typeof label === 'string');
  return { nodes: { by: 'labels', labels, at } };
}

function strategyOf(written: unknown): Playbook['strategy'] {
  if (!isMap(written)) return {};
  const { maxUnavailable, canary, maxFailures, pause } = written;
  const ms = typeof pause === 'string' ? parseDuration(pause) : undefined;
  return {
    ...(isCountOrPercentage(maxUnavailable) ? { maxUnavailable } : {}),
    ...(typeof canary === 'number' ? { canary } : {}),
    ...(typeof maxFailures === 'number' ? { maxFailures } : {}),
    ...(ms === undefined ? {} : { pause: ms }),
  };
}

function isCountOrPercentage(written: unknown): written is number | `${number}%` {
  return typeof written === 'number' || (typeof written === 'string' && /^\d{1,3}%$/.test(written));
}

function textOf(written: unknown): string {
  return typeof written === 'string' ? written.trim() : '';
}
