import { beforeEach, describe, expect, it } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { keepLoggedIn } from '../../src/workflow/login-keeper.ts';
import { newMemory, type StepContext } from '../../src/workflow/step.ts';
import { node, policy } from '../domain/builders.ts';
import { ManualClock } from '../support/manual-clock.ts';

const POLL = 5_000;
const LOST = 'SSH to node-1 is lost: nothing listens';
const AGAIN = 'SSH to node-1 was lost, and is there again';

let clock: ManualClock;
/** Why a login fails now; null where it succeeds. */
let trouble: FshaError | null;
let events: { readonly at: number; readonly event: NewEvent }[];
let stop: AbortController;
let onRecord: () => Promise<void>;

beforeEach(() => {
  clock = new ManualClock();
  trouble = null;
  events = [];
  stop = new AbortController();
  onRecord = () => Promise.resolve();
});

function keep(): () => Promise<void> {
  const login = (): Promise<void> => (trouble === null ? Promise.resolve() : Promise.reject(trouble));
  return keepLoggedIn({
    world: { clock, hosts: new Map([['node-1', { login }]]) },
    node: node('node-1', '10.0.1.10'),
    step: 'node-1/wait_drained',
    signal: stop.signal,
    policy: () => policy({ poll: POLL }),
    record: (event: NewEvent) => {
      events.push({ at: clock.now(), event });
      return onRecord();
    },
    memory: newMemory(),
  } as unknown as StepContext);
}

async function is(state: 'lost' | 'there', ms: number): Promise<void> {
  trouble = state === 'lost' ? new FshaError('connect.refused', 'nothing listens') : null;
  await clock.pass(ms);
}

function told(): readonly string[] {
  return events.map(({ event }) => (event.type === 'warning' ? event.data.message : event.type));
}

describe('keepLoggedIn', () => {
  it('says nothing while the connection stands', async () => {
    const end = keep();
    await is('there', 10 * 60_000);
    await end();
    expect([told(), clock.sleeping]).toEqual([[], 0]);
  });

  it('tells each loss and each return, in the same words where they are the same', async () => {
    const end = keep();
    for (let time = 0; time < 2; time += 1) {
      await is('there', 2 * 60_000);
      await is('lost', 2 * 60_000);
    }
    await is('there', POLL);
    await end();
    expect(told()).toEqual([LOST, AGAIN, LOST, AGAIN]);
  });

  it('a return is told at once', async () => {
    const end = keep();
    await is('lost', POLL);
    await is('there', POLL);
    await end();
    expect(told()).toEqual([LOST, AGAIN]);
  });

  it('a connection that flaps: once a minute, with how often', async () => {
    const end = keep();
    for (let time = 0; time < 12; time += 1) {
      await is('lost', POLL);
      await is('there', POLL);
    }
    await end();
    expect(told()).toEqual([
      LOST,
      AGAIN,
      'SSH to node-1 is lost (6 times since that was told last): nothing listens',
      AGAIN,
      'SSH to node-1 was lost 5 more times, and is there now',
    ]);
    const losses = events.filter((_, index) => index === 0 || index === 2).map(({ at }) => at);
    expect((losses[1] ?? 0) - (losses[0] ?? 0)).toBeGreaterThanOrEqual(60_000);
  });

  it('one that was lost for the second time within a minute and stays so is told when the minute is over', async () => {
    const end = keep();
    await is('lost', POLL);
    await is('there', POLL);
    await is('lost', 40_000);
    expect(told()).toEqual([LOST, AGAIN]);
    await is('lost', 20_000);
    await end();
    expect(told()).toEqual([LOST, AGAIN, LOST]);
  });

  it('lost for another reason, which may need another hand, is told', async () => {
    const end = keep();
    await is('lost', 2 * 60_000);
    trouble = new FshaError('ssh.auth', 'the key is refused');
    await clock.pass(2 * 60_000);
    await end();
    expect(told()).toEqual([LOST, 'SSH to node-1 is lost: the key is refused']);
  });

  it('a journal that takes nothing is heard of where it is ended, and not before', async () => {
    onRecord = () => Promise.reject(new FshaError('journal', 'no space left'));
    const end = keep();
    await is('lost', POLL);
    await expect(end()).rejects.toMatchObject({ code: 'journal' });
  });
});
