/**
 * What an event of version 1 holds at least. A journal may have been damaged, or changed by hand: whoever reads one finds what
 * the types promise, or the line is named.
 */
import type { Effect, EffectKind, EffectKinds, HangUp } from '../domain/effect.ts';
import type { ErrorInfo } from '../domain/errors.ts';
import type { NamedState, Pause } from '../domain/observation.ts';
import type { NodePlan, Plan, PlannedStep } from '../domain/plan.ts';
import type { CutRules, Policy, RunRequest } from '../domain/policy.ts';
import type {
  Arrivals,
  Baseline,
  BaselineDestination,
  EventData,
  EventType,
  ProgressReading,
} from '../domain/run-events.ts';
import type { Verdict } from '../domain/verdict.ts';

/** null where the value is right, else where it is wrong: empty for the value itself, a path for something in it. */
type Check = (value: unknown) => string | null;
/** For each key that is looked at; those that have come later are absent in older journals, and optional. */
type Fields<T> = { readonly [K in keyof T]?: Check };

const HERE = '';
const only =
  (isRight: (value: unknown) => boolean): Check =>
  (value) =>
    isRight(value) ? null : HERE;
const text = only((value) => typeof value === 'string');
/** JSON may say 1e999. */
const number = only(Number.isFinite);
const flag = only((value) => typeof value === 'boolean');
const record = only(isRecord);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null ? null : check(value);
const absentOr =
  (check: Check): Check =>
  (value) =>
    value === undefined ? null : check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value)
      ? firstWrong(value.map((one: unknown, index) => within(`[${index}]`, check(one))))
      : HERE;
const mapOf =
  (check: Check): Check =>
  (value) =>
    isRecord(value) ? firstWrong(Object.values(value).map((one) => within('[…]', check(one)))) : HERE;
const having =
  <T>(fields: Fields<T>): Check =>
  (value) =>
    isRecord(value)
      ? firstWrong(
          Object.entries<Check | undefined>(fields).map(([key, check]) =>
            check === undefined ? null : within(`.${key}`, check(own(value, key))),
          ),
        )
      : HERE;
const both =
  (one: Check, other: Check): Check =>
  (value) =>
    one(value) ?? other(value);

function within(part: string, wrong: string | null): string | null {
  return wrong === null ? null : part + wrong;
}

function firstWrong(all: readonly (string | null)[]): string | null {
  return all.find((one) => one !== null) ?? null;
}

const errorInfo = having<ErrorInfo>({ code: text, message: text, hint: text });

const policy = having<Policy>({
  timeout: orNull(number),
  poll: number,
  settle: number,
  onTimeout: text,
  threshold: number,
  cutting: having<CutRules>({
    cause: text,
    protect: listOf(text),
    protectTimeout: orNull(number),
    expendable: listOf(text),
  }),
  onOut: orNull(having<NonNullable<Policy['onOut']>>({ command: text, timeout: number })),
  fence: text,
  restart: flag,
  hold: flag,
  ignoreProxies: listOf(text),
  force: listOf(text),
  foundDisabled: orNull(text),
  minSoak: number,
  showNumbers: flag,
});

type Target<K extends EffectKind> = EffectKinds[K]['target'];
const onNode = having<Target<'node.pause'>>({ node: text });
const hook = orNull(
  having<NonNullable<EffectKinds['hook.on_out']['found']>>({
    exitCode: orNull(number),
    signal: orNull(text),
    output: text,
  }),
);

/** `found` is also what is read back. */
const EFFECTS: {
  readonly [K in EffectKind]: { readonly target: Check; readonly found: Check; readonly wanted: Check };
} = {
  'dispatcher.state': {
    target: having<Target<'dispatcher.state'>>({ proxy: text, set: number, uri: text, duid: orNull(text) }),
    found: text,
    wanted: text,
  },
  'node.pause': { target: onNode, found: flag, wanted: flag },
  'node.mark': { target: onNode, found: orNull(text), wanted: orNull(text) },
  'node.restart': { target: onNode, found: text, wanted: text },
  'call.hangup': {
    target: having<Target<'call.hangup'>>({ node: text, uuid: text }),
    found: flag,
    wanted: having<HangUp>({ cause: text, call: text, from: text, to: text, since: text, expendable: flag }),
  },
  'hook.on_out': { target: onNode, found: hook, wanted: text },
};

/** An effect of a kind that this version does not know is passed over, as its readers do. */
function effectWith(rest: (kind: (typeof EFFECTS)[EffectKind]) => Readonly<Record<string, Check>>): Check {
  return (value) => {
    const wrong = having<Effect>({ effect: text, target: record })(value);
    if (wrong !== null || !isRecord(value)) return wrong;
    const name = String(value['effect']);
    if (!Object.hasOwn(EFFECTS, name)) return null;
    const kind = EFFECTS[name as EffectKind];
    return having({ target: kind.target, ...rest(kind) })(value);
  };
}

const effect = effectWith(({ wanted }) => ({ wanted }));

const effects = listOf(effect);
const params = both(record, having<{ readonly effects: readonly Effect[] }>({ effects: absentOr(effects) }));
const step = having<PlannedStep>({ id: text, kind: text, node: text, params });
const plan = having<Plan>({
  kind: text,
  nodes: listOf(having<NodePlan>({ node: text, steps: listOf(step) })),
});

const destination = having<BaselineDestination>({
  proxy: text,
  set: number,
  uri: text,
  duid: orNull(text),
  flags: text,
});
const states = listOf(having<NamedState>({ name: text, state: text }));
const baseline = having<Baseline>({
  node: text,
  destinations: listOf(destination),
  pause: having<Pause>({ inbound: flag, outbound: flag }),
  profiles: states,
  gateways: states,
  registrations: orNull(number),
  coreUuid: text,
  options: orNull(number),
});
const verdict = having<Verdict>({
  check: text,
  node: absentOr(text),
  level: text,
  why: text,
  fix: absentOr(text),
});

const progress = having<ProgressReading>({
  sessions: orNull(number),
  calls: orNull(number),
  channels: orNull(number),
  destinations: mapOf(orNull(text)),
  why: listOf(text),
  ghostRows: absentOr(number),
  arrivals: absentOr(listOf(having<Arrivals>({ from: text, calls: number }))),
  originated: absentOr(number),
});

const request: Check = (value) => {
  const wrong = having<RunRequest>({ kind: text, node: absentOr(text) })(value);
  if (wrong !== null || !isRecord(value)) return wrong;
  if (value['kind'] === 'extend') return having<{ readonly ms: number }>({ ms: number })(value);
  if (value['kind'] === 'cut') return having<{ readonly confirmed: number }>({ confirmed: number })(value);
  return null;
};

const data: { readonly [T in EventType]: Check } = {
  'run.started': having<EventData['run.started']>({
    command: text,
    reason: orNull(text),
    who: text,
    cluster: text,
    inventory: having<EventData['run.started']['inventory']>({ path: text, sha256: text }),
    policy,
    plan,
    call: absentOr(text),
    lock: absentOr(text),
  }),
  'run.resumed': having<EventData['run.resumed']>({
    who: text,
    mode: text,
    plan: absentOr(plan),
    policy: absentOr(policy),
    call: absentOr(text),
    lock: absentOr(text),
  }),
  'preflight.settled': having<EventData['preflight.settled']>({
    verdicts: listOf(verdict),
    baseline: orNull(baseline),
    found: listOf(destination),
  }),
  'step.started': record,
  'step.progress': having<EventData['step.progress']>({ observation: progress, decision: text }),
  'step.retrying': having<EventData['step.retrying']>({ attempt: number, error: errorInfo }),
  'step.settled': having<EventData['step.settled']>({
    outcome: text,
    ms: number,
    error: absentOr(errorInfo),
  }),
  'effect.intended': effectWith(({ found, wanted }) => ({ found, wanted })),
  'effect.settled': effectWith(({ found }) => ({
    outcome: text,
    read: orNull(found),
    error: absentOr(errorInfo),
  })),
  'request.received': having<EventData['request.received']>({ request, by: text }),
  'request.settled': having<EventData['request.settled']>({ accepted: flag, why: absentOr(text) }),
  warning: errorInfo,
  'drift.detected': having<EventData['drift.detected']>({
    target: text,
    before: text,
    now: text,
    cause: text,
  }),
  'undo.started': having<EventData['undo.started']>({ effects }),
  'undo.settled': having<EventData['undo.settled']>({ outcome: text }),
  'run.settled': having<EventData['run.settled']>({
    outcome: text,
    exit: number,
    nodes: mapOf(text),
    callsCut: number,
    next: listOf(text),
    error: absentOr(errorInfo),
  }),
};

/**
 * What is wrong with the data of an event of this type, as a path such as `plan.nodes[0].node`; null where nothing is. Of a type
 * that this version does not know it may be anything.
 */
export function wrongInData(type: string, value: unknown): string | null {
  const check = Object.hasOwn(data, type) ? data[type as EventType] : record;
  const wrong = check(value);
  return wrong === null ? null : wrong.replace(/^[.]/, '');
}

/** What JSON.parse gives has what is its own; what every object has besides is not data. */
function own(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
