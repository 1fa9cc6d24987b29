/** Runs as they come to the screen: events with their times, and what a run of this process reads beside them. */
import type { ChannelRow, Known, LiveCalls, Observation } from '../../src/domain/observation.ts';
import { planDrain } from '../../src/domain/plan.ts';
import type { Policy, RunRequest } from '../../src/domain/policy.ts';
import type { NewEvent, RunEvent } from '../../src/domain/run-events.ts';
import type { LiveRun, RunAnswer } from '../../src/tui/live-run.ts';
import { baseline, known, policy, seenNode, seenProxy } from '../domain/builders.ts';

export const START = Date.parse('2026-11-22T20:00:00Z');
const URI = 'sip:10.0.1.10:5080';

/** An event so many seconds after the run began. */
export type At = readonly [seconds: number, event: NewEvent];

export function told(story: readonly At[], from = 0): RunEvent[] {
  return story.map(([seconds, event], index) => ({
    v: 1,
    seq: from + index + 1,
    at: new Date(START + seconds * 1000).toISOString(),
    mono: seconds * 1000,
    run: '20261122-200000-k3f9',
    ...event,
  }));
}

export function runStarted(
  changes: Partial<Policy> = {},
  nodes: readonly string[] = ['node-1'],
  call?: string,
): NewEvent {
  const settings = policy(changes);
  return {
    type: 'run.started',
    data: {
      command: 'drain node-1',
      reason: 'kernel update',
      who: 'ops@bastion',
      cluster: 'voice-eu',
      ...(call === undefined ? {} : { call }),
      inventory: { path: '/etc/fsha/fsha.yaml', sha256: 'ab' },
      policy: settings,
      plan: { kind: 'drain', nodes: nodes.flatMap((name) => planDrain(name, settings).nodes) },
    },
  };
}

export function stepBegins(kind: string, node = 'node-1'): NewEvent {
  return { type: 'step.started', node, step: `${node}/${kind}`, data: {} };
}

export function stepEnds(kind: string, ms: number, node = 'node-1'): NewEvent {
  return { type: 'step.settled', node, step: `${node}/${kind}`, data: { outcome: 'succeeded', ms } };
}

export function preflightSettled(node = 'node-1', lb2 = 'AP'): NewEvent {
  const found = baseline().destinations.map((one) => ({ ...one, flags: one.proxy === 'lb-2' ? lb2 : 'AP' }));
  return {
    type: 'preflight.settled',
    node,
    step: `${node}/preflight`,
    data: {
      verdicts: [{ check: 'esl', node, level: 'ok', why: `ESL answers on ${node}`, forceable: false }],
      baseline: baseline({ node }),
      found,
    },
  };
}

/** A destination set, from FLAGS to FLAGS. */
export function setOn(
  proxy: string,
  found: string,
  read: string,
  step: string,
  seconds: number,
): readonly At[] {
  const target = { proxy, set: 1, uri: URI, duid: null };
  const at = { node: 'node-1', step: `node-1/${step}` };
  const wanted = read.startsWith('D') ? 'd' : 'ap';
  return [
    [
      seconds,
      { type: 'effect.intended', ...at, data: { effect: 'dispatcher.state', target, found, wanted } },
    ],
    [
      seconds,
      { type: 'effect.settled', ...at, data: { effect: 'dispatcher.state', target, outcome: 'done', read } },
    ],
  ];
}

export function look(
  sessions: number | null,
  calls: number | null,
  why: readonly string[] = [],
  flags: readonly [string | null, string | null] = ['DX', 'DX'],
  rows: { readonly channels?: number; readonly ghostRows?: number } = {},
): NewEvent {
  const [one, two] = flags;
  const decision = sessions === null || flags.includes(null) ? 'blind' : 'wait';
  return {
    type: 'step.progress',
    node: 'node-1',
    step: 'node-1/wait_drained',
    data: {
      observation: {
        sessions,
        calls,
        channels: sessions,
        destinations: { [`lb-1 set 1 ${URI}`]: one, [`lb-2 set 1 ${URI}`]: two },
        why,
        ...rows,
      },
      decision,
    },
  };
}

/** From the beginning until the node is out. */
export const UNTIL_OUT: readonly At[] = [
  [0, runStarted()],
  [0, stepBegins('preflight')],
  [2, preflightSettled()],
  [2, stepEnds('preflight', 2_140)],
  [2, stepBegins('deactivate')],
  ...setOn('lb-1', 'AP', 'DX', 'deactivate', 2),
  ...setOn('lb-2', 'AP', 'DX', 'deactivate', 3),
  [3, stepEnds('deactivate', 412)],
  [3, stepBegins('wait_drained')],
];

/** A look every 5 s from second 5 on: from 212 sessions on downwards, a tenth fewer each half minute. */
export function looks(from: number, to: number): readonly At[] {
  return Array.from({ length: Math.floor((to - from) / 5) + 1 }, (_, index): At => {
    const seconds = from + index * 5;
    const sessions = sessionsAt(seconds);
    return [seconds, look(sessions, Math.ceil(sessions / 2))];
  });
}

export function sessionsAt(seconds: number): number {
  return Math.round(212 * 0.9 ** (seconds / 30));
}

export interface Reading {
  /** Seconds at which node and proxies were read. */
  readonly at: number;
  readonly sessions?: Known<number>;
  readonly calls?: Known<number>;
  /** As many as there are sessions, where it is not said. */
  readonly channels?: Known<number>;
  readonly lb1?: string;
  /** null: it does not answer. */
  readonly lb2?: string | null;
}

export function reading({ at, sessions, calls, channels, lb1 = 'DX', lb2 = 'DX' }: Reading): Observation {
  const count = sessionsAt(at);
  const down = {
    code: 'connect.timeout',
    message: 'no answer from 10.0.1.6:8080 within 5s',
    hint: '',
  } as const;
  return {
    nodes: {
      'node-1': seenNode('node-1', {
        at: at * 1000,
        sessions: sessions ?? known(count),
        calls: calls ?? known(Math.ceil(count / 2)),
        channels: channels ?? sessions ?? known(count),
      }),
    },
    proxies: {
      'lb-1': seenProxy('lb-1', [[URI, lb1]], { at: at * 1000 }),
      'lb-2': seenProxy('lb-2', [[URI, lb2 ?? 'AP']], {
        at: at * 1000,
        trouble: lb2 === null ? down : null,
      }),
    },
  };
}

export function leg(uuid: string, age: number, changes: Partial<ChannelRow> = {}): ChannelRow {
  return {
    uuid: `${uuid}-0000-4000-8000-000000000001`,
    direction: 'inbound',
    createdEpoch: START / 1000 - age,
    name: `sofia/external/${uuid}`,
    callerNumber: '+493012345678',
    destination: '200',
    initialDestination: '200',
    application: 'bridge',
    networkAddress: '10.0.1.5',
    callUuid: '',
    state: 'CS_EXECUTE',
    ...changes,
  };
}

/** A run of this process whose answers the test gives. */
export class StandInRun implements LiveRun {
  seen: Observation = { nodes: {}, proxies: {} };
  rowsAnswer: () => Promise<Known<readonly ChannelRow[]>> = () => Promise.resolve(known([]));
  liveAnswer: () => Promise<Known<LiveCalls>> = () =>
    Promise.resolve(known({ channels: [], ghosts: 0, sessions: 0 }));
  answer: RunAnswer = { accepted: true };
  rowsAsked = 0;
  liveAsked = 0;
  interrupts = 0;
  readonly submitted: { readonly request: RunRequest; readonly by: string }[] = [];

  observation(): Observation {
    return this.seen;
  }

  rows(): Promise<Known<readonly ChannelRow[]>> {
    this.rowsAsked += 1;
    return this.rowsAnswer();
  }

  liveCalls(): Promise<Known<LiveCalls>> {
    this.liveAsked += 1;
    return this.liveAnswer();
  }

  submit(request: RunRequest, by: string): Promise<RunAnswer> {
    this.submitted.push({ request, by });
    return Promise.resolve(this.answer);
  }

  interrupt(): void {
    this.interrupts += 1;
  }
}
