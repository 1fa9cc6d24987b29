/** The way to one server in trouble, in every step of every kind of run. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { callElsewhere, faultTable } from './fault-cases.ts';
import { startNodeCall } from './fault-call.ts';
import {
  type Expected,
  expectedOf,
  isSurvived,
  isTriedAt,
  NETWORK,
  type NetworkFaults,
  type NetworkKind,
} from './fault-kinds.ts';
import type { Moment } from './fault-gate.ts';
import { type FaultNetwork, startFaultNetwork } from './fault-network.ts';
import { FOR_FAULTS } from './fault-quick.ts';
import {
  begins,
  cleanRestarts,
  finishStage,
  healStage,
  isOver,
  lasting,
  mayHaveCalls,
  type Place,
  placeName,
  placesOf,
  type Stage,
  startStage,
} from './fault-stages.ts';
import { finalState } from './final-state.ts';
import { outcomes } from './events-of.ts';
import { type RealCluster, startRealCluster } from './real-cluster.ts';

/** How long what is not harmless lasts, at most: ms. */
const LASTS = 2_000;

/** Steps of one run, each with the same fault in it. */
interface Passage {
  readonly stage: Stage;
  readonly places: readonly Place[];
  readonly expected: Expected;
}

/** What a run survives is met by one run in all of its steps; what ends it, by a run in each. */
function passagesOf(places: readonly Place[], expectedAt: (place: Place) => Expected): readonly Passage[] {
  const alone: Passage[] = [];
  const survived = new Map<Stage, Passage>();
  for (const place of places) {
    const expected = expectedAt(place);
    const { stage } = place;
    if (isSurvived(place, expected))
      survived.set(stage, { stage, expected, places: [...(survived.get(stage)?.places ?? []), place] });
    else alone.push({ stage, expected, places: [place] });
  }
  return [...alone, ...survived.values()];
}

export function testNetworkFaults({ what, ways, via, kinds }: NetworkFaults): void {
  let cluster: RealCluster;
  let network: FaultNetwork;
  const table = faultTable(`${what} in trouble`, () => cluster);
  const places = placesOf(inject('recorded'));

  beforeAll(async () => {
    cluster = await startRealCluster({ ...FOR_FAULTS, via });
    network = await startFaultNetwork(cluster, via);
  });
  beforeEach(async () => {
    network.end();
    await cluster.reset();
  });
  afterAll(async () => {
    await network.stop();
    await cluster.stop();
  });

  describe.each(kinds)('%s', (kind) => {
    const passages = passagesOf(
      places.filter((place) => isTriedAt(place, { ways, via, kind })),
      (place) => expectedOf(place, { ways, via, kind }),
    );
    test.each(passages.map((passage) => [passage.places.map(placeName).join(', '), passage] as const))(
      'in %s',
      (name, passage) => passes(kind, name, passage),
    );
  });

  async function passes(
    kind: NetworkKind,
    name: string,
    { stage, places: its, expected }: Passage,
  ): Promise<void> {
    const { fault, isHarmless } = NETWORK[kind];
    const elsewhere = await callElsewhere(cluster);
    const survives = its.every((place) => isSurvived(place, expected));
    const waited = its.filter(mayHaveCalls).at(-1);
    const call = waited === undefined ? null : await startNodeCall(cluster.nodes[0]);
    const hangUp = once(() => call?.hangUp() ?? Promise.resolve());
    const seen: { readonly place: Place; readonly state: string; readonly met: boolean }[] = [];
    const timers: NodeJS.Timeout[] = [];
    // What the step itself ends with is to be so however long that takes it.
    const isUntilOver = isHarmless || (!survives && expected.exits.length === 1);
    let now: Place | null = null;
    const end = (place: Place): void => {
      if (now === place) network.end();
      // A call that was cut is heard of below.
      if (place === waited) void hangUp().catch(() => undefined);
    };
    const moments = its.flatMap((place): readonly Moment[] => [
      {
        when: 'after',
        key: begins(place),
        hook: () => {
          now = place;
          network.begin(ways, fault);
          // What waits for calls waits through it, and then for them.
          if (isHarmless && place === waited) void hangUp().catch(() => undefined);
          if (!isUntilOver) timers.push(setTimeout(() => end(place), LASTS));
        },
      },
      {
        when: 'after',
        key: isOver(place),
        hook: async () => {
          seen.push({ place, met: network.met(), state: await finalState(cluster) });
          if (survives || isUntilOver) network.end();
        },
      },
    ]);
    const run = await startStage(cluster, stage, { settings: network.settings, moments });
    if (stage === 'guard') {
      await run.until(
        'it keeps watch',
        (event) => event.type === 'step.started' && event.step === 'node-1/guard',
      );
      if (!isHarmless) await lasting(LASTS + 100, run);
    }
    await finishStage(cluster, stage, run);
    await run.fsha.done;
    network.end();
    for (const timer of timers) clearTimeout(timer);
    await hangUp();
    await healStage(cluster, stage);
    const ended = await run.end();
    for (const { place, state, met } of its.length > 1 ? seen : []) {
      const unmet = met ? '' : ' (nothing went that way)';
      table.among({
        case: `${kind} in ${placeName(place)}${unmet}`,
        did: 'went on',
        state,
        exit: ended.exitCode,
      });
    }
    await table.judge(`${its.length > 1 ? '  the end of: ' : ''}${kind} in ${name}`, {
      ended,
      stateDir: run.stateDir,
      elsewhere,
      restartsWhenDone: cleanRestarts(stage),
    });
    expect(expected.exits, `${ended.stdout.slice(-3_000)}\n${ended.stderr}`).toContain(ended.exitCode);
    expect(seen.map(({ place }) => place)).toEqual(its);
    if (survives) {
      const how = outcomes(ended.events);
      expect(its.map(({ step }) => `${step} ${how[step] ?? 'open'}`)).toEqual(
        its.map(({ stage: of, step }) => `${step} ${of === 'guard' ? 'cancelled' : 'succeeded'}`),
      );
      for (const { place, state } of seen) expect(state, placeName(place)).toMatch(stateBehind(place));
    }
  }
}

const IN = /^lb-1 A., lb-2 A./;
const OUT = /^lb-1 D., lb-2 D./;
/** A fence that could not be opened for a while fails Kamailio's pings: its next good one makes it active. */
const GIVEN_BACK = /^lb-1 [AIT]., lb-2 [AIT]./;
/** At the end of the step. */
function stateBehind({ stage, step }: Place): RegExp {
  if (step === 'restore') return GIVEN_BACK;
  const isIn = ['admit', 'preflight', 'activate'].includes(step) && stage !== 'resume';
  return isIn ? IN : OUT;
}

function once<T>(work: () => T): () => T {
  let done: { readonly as: T } | undefined;
  return () => (done ??= { as: work() }).as;
}
