/** The values that the steps of a playbook work with on one node: rendered, kept, and masked where they are shown. */
import { FshaError } from '../domain/errors.ts';
import { compileExpression, evaluateCondition } from '../domain/playbook/expression.ts';
import type { ActionResult } from '../domain/playbook/action-result.ts';
import { isJsonList, isJsonObject, jsonObject, type JsonValue } from '../domain/playbook/json.ts';
import { policyValues } from '../domain/playbook/known-values.ts';
import type { Values } from '../domain/playbook/scope.ts';
import { renderShellLine } from '../domain/playbook/shell-line.ts';
import { parseTemplate, renderValue } from '../domain/playbook/template.ts';
import type { Policy } from '../domain/policy.ts';
import type { Shown, StepValues } from './playbook-run.ts';

/** What is kept of one text of a result: characters, from its end. */
const KEPT = 16_000;
const MASK = '********';
/** Shorter ones would be found everywhere, and tell nothing where they are masked. */
const LEAST_SECRET = 4;

export interface Around {
  /** `node`, `cluster`: what does not change. */
  readonly fixed: Readonly<Record<string, JsonValue>>;
  readonly vars: Readonly<Record<string, JsonValue>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Whether a parameter is a line for a shell: what is put into it is quoted. */
  readonly isShellLine: (action: string, key: string) => boolean;
  /** Whether a parameter is an expression, or a list of such: its action gets whether each holds. */
  readonly isExpression: (action: string, key: string) => boolean;
}

/** @param registered what an earlier process of the run has kept, by name */
export function createValues(around: Around, registered: Readonly<Record<string, ActionResult>>): StepValues {
  const results = new Map<string, ActionResult>(Object.entries(registered));
  const known = (policy: Policy): Values => ({
    ...Object.fromEntries([...results].map(([name, result]) => [name, { error: '', ...result }])),
    ...around.fixed,
    vars: { ...around.vars, ...around.secrets },
    policy: policyValues(policy),
  });
  // The longest first: one may be part of another.
  const hidden = Object.values(around.secrets)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
    .filter((text) => text.length >= LEAST_SECRET)
    .toSorted((a, b) => b.length - a.length);
  const mask = (text: string): string =>
    hidden.reduce((shown, secret) => shown.replaceAll(secret, MASK), text);

  return {
    mask,
    render: (action, params, at, policy) => {
      const values = known(policy);
      return jsonObject(
        Object.entries(params).map(([key, written]): [string, JsonValue] => {
          if (typeof written === 'string' && around.isShellLine(action, key))
            return [key, shellLine(written, values, at)];
          if (around.isExpression(action, key)) return [key, conditions(written, values, at, key)];
          const rendered = renderValue(written, values);
          if ('problem' in rendered)
            throw unfit(at, [key, ...rendered.problem.path], rendered.problem.message);
          return [key, rendered.value];
        }),
      );
    },
    holds: ({ text, at }, policy) => {
      const compiled = compileExpression(text);
      if ('problem' in compiled) throw unfit(at, [], compiled.problem.message);
      const outcome = evaluateCondition(compiled.value, known(policy));
      if ('problem' in outcome) throw unfit(at, [], outcome.problem.message);
      return outcome.value;
    },
    keep: (register, result) => {
      const kept = cut(result) as ActionResult;
      if (register !== null) results.set(register, kept);
      const shown = maskAll(kept, mask) as ActionResult;
      return {
        value: shown,
        masked: !isEqual(kept, shown),
        truncated: !isEqual(kept, result),
      } satisfies Shown;
    },
  };
}

/** @throws FshaError `action.failed` for one that is neither true nor false: it is not known whether it holds */
function conditions(written: JsonValue, values: Values, at: string, key: string): JsonValue {
  return (isJsonList(written) ? written : [written]).map((one, index) => {
    const compiled = compileExpression(typeof one === 'string' ? one : JSON.stringify(one));
    if ('problem' in compiled) throw unfit(at, [key, index], compiled.problem.message);
    const outcome = evaluateCondition(compiled.value, values);
    if ('problem' in outcome) throw unfit(at, [key, index], outcome.problem.message);
    return outcome.value;
  });
}

function shellLine(text: string, values: Values, at: string): string {
  const parsed = parseTemplate(text);
  if ('problems' in parsed) throw unfit(at, ['run'], parsed.problems[0]?.message ?? '');
  const outcome = renderShellLine(parsed.value, values);
  if ('problem' in outcome) throw unfit(at, ['run'], outcome.problem.message);
  return outcome.value;
}

/** Never with the values themselves: they may be secret. */
function unfit(at: string, path: readonly (string | number)[], message: string): FshaError {
  const where = path.length === 0 ? '' : ` (${path.join('.')})`;
  return new FshaError('action.failed', `${at}${where}: ${message}`);
}

function cut(value: JsonValue): JsonValue {
  return changed(value, (text) => (text.length > KEPT ? `…${text.slice(1 - KEPT)}` : text));
}

function maskAll(value: JsonValue, mask: (text: string) => string): JsonValue {
  return changed(value, mask);
}

function changed(value: JsonValue, change: (text: string) => string): JsonValue {
  if (typeof value === 'string') return change(value);
  if (isJsonList(value)) return value.map((one) => changed(one, change));
  if (!isJsonObject(value)) return value;
  return jsonObject(Object.entries(value).map(([key, one]) => [change(key), changed(one, change)]));
}

function isEqual(one: JsonValue, other: JsonValue): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
