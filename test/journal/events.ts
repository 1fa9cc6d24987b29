/** Events of a drain as a run records them, for tests of the journal. */
import type { Baseline, EventData, NewEvent, RunEvent, Service } from '../../src/domain/run-events.ts';

export const RUN = '20261122-213134-k3f9';

const policy: EventData['run.started']['policy'] = {
  timeout: 7_200_000,
  poll: 5_000,
  settle: 5_000,
  onTimeout: 'restore',
  fence: 'zero',
  restart: true,
  hold: false,
  ignoreProxies: [],
  force: [],
  foundDisabled: null,
  threshold: 0,
  cutting: { cause: 'NORMAL_CLEARING', protect: [], protectTimeout: null, expendable: [] },
  onOut: null,
  minSoak: 5_000,
  showNumbers: false,
};

export function started(
  overrides: {
    readonly cluster?: string;
    readonly nodes?: readonly string[];
    readonly command?: string;
  } = {},
): NewEvent {
  const nodes = overrides.nodes ?? ['node-1'];
  return {
    type: 'run.started',
    data: {
      command: overrides.command ?? `drain ${nodes.join(' ')}`,
      reason: 'kernel update',
      who: 'ops@bastion',
      cluster: overrides.cluster ?? 'voice-eu',
      inventory: { path: '/etc/fsha/fsha.yaml', sha256: '0'.repeat(64) },
      policy,
      plan: { kind: 'drain', nodes: nodes.map((node) => ({ node, steps: [] })) },
    },
  };
}

export function baseline(node: string, coreUuid = 'aaaaaaaa-0000-4000-8000-000000000001'): Baseline {
  return {
    node,
    destinations: [{ proxy: 'lb-1', set: 1, uri: 'sip:10.0.1.10:5080', duid: null, flags: 'AP' }],
    pause: { inbound: false, outbound: false },
    profiles: [{ name: 'external', state: 'RUNNING' }],
    gateways: [],
    registrations: 12,
    coreUuid,
    options: 200,
  };
}

/** @param foundFlags what the proxy showed then, where that is another thing than the baseline */
export function preflight(node: string, coreUuid?: string, foundFlags?: string): NewEvent {
  const before = baseline(node, coreUuid);
  const found =
    foundFlags === undefined ? [] : before.destinations.map((one) => ({ ...one, flags: foundFlags }));
  return {
    type: 'preflight.settled',
    node,
    step: `${node}/preflight`,
    data: { verdicts: [], baseline: before, found },
  };
}

export function disable(node: string): NewEvent {
  return {
    type: 'effect.intended',
    node,
    step: `${node}/deactivate`,
    data: {
      effect: 'dispatcher.state',
      target: { proxy: 'lb-1', set: 1, uri: 'sip:10.0.1.10:5080', duid: null },
      found: 'AP',
      wanted: 'd',
    },
  };
}

/** @param found the run whose mark it found, null: none; @param holder its own run, null: it takes its mark away */
export function mark(node: string, found: string | null, holder: string | null): NewEvent {
  const text = (run: string): string => `${run},ops@bastion,2026-11-22T21:31:34.000Z,0a1b2c3d`;
  return {
    type: 'effect.intended',
    node,
    step: `${node}/mark`,
    data: {
      effect: 'node.mark',
      target: { node },
      found: found === null ? null : text(found),
      wanted: holder === null ? null : text(holder),
    },
  };
}

export function restart(node: string): NewEvent {
  return {
    type: 'effect.intended',
    node,
    step: `${node}/restart`,
    data: {
      effect: 'node.restart',
      target: { node },
      found: 'aaaaaaaa-0000-4000-8000-000000000001',
      wanted: 'sudo -n systemctl restart freeswitch',
    },
  };
}

export function progress(node: string, sessions: number): NewEvent {
  return {
    type: 'step.progress',
    node,
    step: `${node}/wait_drained`,
    data: {
      observation: { sessions, calls: sessions, channels: sessions, destinations: {}, why: [] },
      decision: 'wait',
    },
  };
}

export function settled(nodes: Readonly<Record<string, Service>>, exit = 0): NewEvent {
  return {
    type: 'run.settled',
    data: { outcome: exit === 0 ? 'done' : 'held', exit, nodes, callsCut: 0, next: [] },
  };
}

/** Gives events their envelopes, from `seq` on. */
export function enveloped(events: readonly NewEvent[], run = RUN, from = 1): RunEvent[] {
  return events.map((event, index) => ({
    v: 1,
    seq: from + index,
    at: '2026-11-22T21:31:34.000Z',
    mono: 1_000 + index,
    run,
    ...event,
  }));
}

export function lines(events: readonly RunEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}
