/** What an action is carried out in, for tests that need no server. */
import type { Node } from '../../../src/domain/cluster.ts';
import type { ActionResult } from '../../../src/domain/playbook/action-result.ts';
import type { JsonObject } from '../../../src/domain/playbook/json.ts';
import type { ActionAround, RunAction } from '../../../src/workflow/action-port.ts';
import type { World } from '../../../src/workflow/world.ts';
import { systemClock } from '../../../src/workflow/system-clock.ts';

export const SECRET = 'wolf-2718-moon';

/** The one part of a node that actions look at. */
export const NODE = { name: 'node-1' } as Node;

export interface Changes {
  readonly world?: Partial<World>;
  readonly signal?: AbortSignal;
  /** Ms; 5,000 where nothing is said. */
  readonly time?: number;
  readonly ask?: ActionAround['ask'];
  readonly run?: string;
}

export function around({ world = {}, signal, time = 5_000, ask, run }: Changes = {}): ActionAround {
  const whole = {
    clock: systemClock,
    cluster: {},
    nodes: new Map(),
    proxies: new Map(),
    hosts: new Map(),
    ...world,
  } as unknown as World;
  return {
    world: whole,
    signal: signal ?? new AbortController().signal,
    deadline: systemClock.now() + time,
    step: 'node-1/step',
    name: 'a step',
    run: run ?? '20261123-120000-0abc',
    playbook: 'test',
    ask: ask ?? (() => Promise.reject(new Error('nobody is to be asked'))),
    mask: (text) => text.replaceAll(SECRET, '********'),
  };
}

export function carryOut(
  action: RunAction,
  params: JsonObject,
  changes: Changes = {},
): Promise<ActionResult> {
  return action(params, NODE, around(changes));
}

/** What it fails with, as it may be shown. */
export async function failureOf(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      return { code: String(error.code), message: error.message };
    throw error;
  }
  throw new Error('it did not fail');
}
