/**
 * What an event of version 1 holds at least. A journal may have been damaged, or changed by hand: whoever reads one finds what
 * the types promise, or the line is named.
 */
import type { FencePolicy, OnTimeout } from '../domain/cluster.ts';
import { readFlags, type StateArgument } from '../domain/dispatcher-state.ts';
import type {
  ActionReading,
  ActionWanted,
  Effect,
  EffectKind,
  EffectKinds,
  EffectOutcome,
  HangUp,
} from '../domain/effect.ts';
import type { ErrorInfo } from '../domain/errors.ts';
import type { NamedState, Pause } from '../domain/observation.ts';
import type { Frame, NodePlan, Plan, PlannedStep, StepParams } from '../domain/plan.ts';
import type { ActionResult, Changes, PlacedText } from '../domain/playbook/action-result.ts';
import type { PlaybookSource } from '../domain/playbook/source.ts';
import type { CutRules, Policy, RunRequest } from '../domain/policy.ts';
import type {
  Arrivals,
  Baseline,
  BaselineDestination,
  EventData,
  EventType,
  ProgressReading,
  Service,
  StepOutcome,
} from '../domain/run-events.ts';
import type { Verdict } from '../domain/verdict.ts';
import { rollingOfPlan } from './rolling-shape.ts';
import {
  absentOr,
  both,
  type Check,
  flag,
  having,
  isRecord,
  listOf,
  mapOf,
  name,
  number,
  oneOf,
  only,
  orNull,
  present,
  record,
  text,
} from './shape-checks.ts';

const flags = only((value) => typeof value === 'string' && readFlags(value) !== undefined);

const errorInfo = having<ErrorInfo>({ code: text, message: text, hint: text });

const policy = having<Policy>({
  timeout: orNull(number),
  poll: number,
  settle: number,
  onTimeout: oneOf<OnTimeout>({ restore: true, hold: true, hangup: true }),
  threshold: number,
  cutting: having<CutRules>({
    cause: text,
    protect: listOf(text),
    protectTimeout: orNull(number),
    expendable: listOf(text),
  }),
  onOut: orNull(having<NonNullable<Policy['onOut']>>({ command: text, timeout: number })),
  fence: oneOf<FencePolicy>({ zero: true, early: true, none: true }),
  restart: flag,
  hold: flag,
  ignoreProxies: listOf(text),
  force: listOf(text),
  foundDisabled: orNull(oneOf<NonNullable<Policy['foundDisabled']>>({ activate: true, leave: true })),
  minSoak: number,
  showNumbers: flag,
});

type Target<K extends EffectKind> = EffectKinds[K]['target'];
const onNode = having<Target<'node.pause'>>({ node: name });
const hook = orNull(
  having<NonNullable<EffectKinds['hook.on_out']['found']>>({
    exitCode: orNull(number),
    signal: orNull(text),
    output: text,
  }),
);
const changes = oneOf<Changes>({ nothing: true, elsewhere: true, node: true });

/** `found` is also what is read back. */
const EFFECTS: {
  readonly [K in EffectKind]: { readonly target: Check; readonly found: Check; readonly wanted: Check };
} = {
  'dispatcher.state': {
    target: having<Target<'dispatcher.state'>>({ proxy: text, set: number, uri: text, duid: orNull(text) }),
    found: flags,
    wanted: oneOf<StateArgument>({ a: true, ap: true, t: true, tp: true, i: true, ip: true, d: true }),
  },
  'node.pause': { target: onNode, found: flag, wanted: flag },
  'node.mark': { target: onNode, found: orNull(text), wanted: orNull(text) },
  'node.restart': { target: onNode, found: text, wanted: text },
  'call.hangup': {
    target: having<Target<'call.hangup'>>({ node: name, uuid: text }),
    found: flag,
    wanted: having<HangUp>({ cause: text, call: text, from: text, to: text, since: text, expendable: flag }),
  },
  'hook.on_out': { target: onNode, found: hook, wanted: text },
  'action.run': {
    target: having<Target<'action.run'>>({ node: name, step: name }),
    found: orNull(having<ActionReading>({ ok: flag, said: text })),
    wanted: having<ActionWanted>({ action: name, params: record, changes, disruptive: flag }),
  },
};

/** Of a kind that this version does not know only what all have in common is looked at. */
function effectWith(
  all: Readonly<Record<string, Check>>,
  rest: (kind: (typeof EFFECTS)[EffectKind]) => Readonly<Record<string, Check>>,
): Check {
  return (value) => {
    const wrong = having<Effect>({ effect: name, target: record, ...all })(value);
    if (wrong !== null || !isRecord(value)) return wrong;
    const found = String(value['effect']);
    if (!Object.hasOwn(EFFECTS, found)) return null;
    const kind = EFFECTS[found as EffectKind];
    return having({ target: kind.target, ...rest(kind) })(value);
  };
}

const effect = effectWith({ wanted: present }, ({ wanted }) => ({ wanted }));

const effects = listOf(effect);
const params = both(record, having<{ readonly effects: readonly Effect[] }>({ effects: absentOr(effects) }));
const framed = (value: unknown): string | null => step(value);
const placed = having<PlacedText>({ text, at: text });
const frame = having<Frame>({
  name: text,
  at: text,
  when: absentOr(placed),
  timeout: absentOr(number),
  register: absentOr(name),
  rescue: absentOr(listOf(framed)),
  always: absentOr(listOf(framed)),
  undo: absentOr(listOf(framed)),
  disruptive: absentOr(flag),
  cutsCalls: absentOr(flag),
  rerun: absentOr(oneOf<'safe'>({ safe: true })),
  check: absentOr(framed),
});
const step: Check = (value) => {
  const wrong = having<PlannedStep>({ id: name, kind: name, node: name, params, frame: absentOr(frame) })(
    value,
  );
  if (wrong !== null || !isRecord(value) || value['kind'] !== 'action') return wrong;
  return having<{ readonly params: StepParams['action'] }>({ params: action })(value);
};
const action = having<StepParams['action']>({ action: name, params: record, changes });
const source = having<PlaybookSource>({
  name: text,
  path: text,
  files: listOf(having<PlaybookSource['files'][number]>({ path: text, sha256: text })),
  vars: record,
  secrets: mapOf(text),
  answers: mapOf(text),
});
const plan = both(
  having<Plan>({ kind: name, nodes: listOf(having<NodePlan>({ node: name, steps: listOf(step) })) }),
  rollingOfPlan,
);

const destination = having<BaselineDestination>({
  proxy: text,
  set: number,
  uri: text,
  duid: orNull(text),
  flags: text,
});
const states = listOf(having<NamedState>({ name: text, state: text }));
const baseline = having<Baseline>({
  node: name,
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
  node: absentOr(name),
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
  const wrong = having<RunRequest>({ kind: name, node: absentOr(name) })(value);
  if (wrong !== null || !isRecord(value)) return wrong;
  if (value['kind'] === 'extend') return having<{ readonly ms: number }>({ ms: number })(value);
  if (value['kind'] === 'cut') return having<{ readonly confirmed: number }>({ confirmed: number })(value);
  return null;
};

const effectOutcome = oneOf<EffectOutcome>({ done: true, already: true, failed: true, unknown: true });
const stepOutcome = oneOf<StepOutcome>({
  succeeded: true,
  skipped: true,
  failed: true,
  cancelled: true,
  unknown: true,
});
const undoOutcome = oneOf<EventData['undo.settled']['outcome']>({ done: true, failed: true, unknown: true });
const resumeMode = oneOf<EventData['run.resumed']['mode']>({ forward: true, undo: true });
const service = oneOf<Service>({ 'in service': true, 'out of service': true, unknown: true });

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
    playbook: absentOr(source),
  }),
  'run.resumed': having<EventData['run.resumed']>({
    who: text,
    mode: resumeMode,
    reason: absentOr(text),
    plan: absentOr(plan),
    policy: absentOr(policy),
    call: absentOr(text),
    lock: absentOr(text),
    anew: absentOr(flag),
  }),
  'batch.started': having<EventData['batch.started']>({
    batch: number,
    of: number,
    nodes: listOf(name),
    canary: absentOr(flag),
  }),
  'batch.settled': having<EventData['batch.settled']>({
    batch: number,
    of: number,
    pauseMs: number,
    stopped: absentOr(text),
  }),
  'node.foreseen': having<EventData['node.foreseen']>({
    turn: oneOf<EventData['node.foreseen']['turn']>({
      goes: true,
      waits: true,
      refused: true,
      'not begun': true,
    }),
    why: absentOr(text),
    sessions: orNull(number),
  }),
  'node.back': having<EventData['node.back']>({
    proof: oneOf<EventData['node.back']['proof']>({ calls: true, soak: true }),
    activeMs: number,
    sessions: orNull(number),
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
    outcome: stepOutcome,
    ms: number,
    error: absentOr(errorInfo),
  }),
  'step.result': having<EventData['step.result']>({
    register: orNull(name),
    value: having<ActionResult>({ ok: flag }),
    masked: absentOr(flag),
    truncated: absentOr(flag),
  }),
  'rescue.settled': having<EventData['rescue.settled']>({
    outcome: oneOf<EventData['rescue.settled']['outcome']>({ rescued: true, failed: true }),
  }),
  'effect.intended': effectWith({ found: present, wanted: present }, ({ found, wanted }) => ({
    found,
    wanted,
  })),
  'effect.settled': effectWith(
    { outcome: effectOutcome, read: present, error: absentOr(errorInfo) },
    ({ found }) => ({
      read: orNull(found),
    }),
  ),
  'request.received': having<EventData['request.received']>({ request, by: text }),
  'request.settled': having<EventData['request.settled']>({ accepted: flag, why: absentOr(text) }),
  warning: errorInfo,
  'drift.detected': having<EventData['drift.detected']>({
    target: text,
    before: text,
    now: text,
    cause: text,
  }),
  'undo.started': having<EventData['undo.started']>({ effects, steps: absentOr(listOf(name)) }),
  'undo.settled': having<EventData['undo.settled']>({ outcome: undoOutcome }),
  'run.settled': having<EventData['run.settled']>({
    outcome: text,
    exit: number,
    nodes: mapOf(service),
    callsCut: number,
    next: listOf(text),
    error: absentOr(errorInfo),
    lost: absentOr(errorInfo),
    untouched: absentOr(listOf(name)),
    earlier: absentOr(listOf(name)),
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
