/** One drain of node-1 with a fault in it, and what has to hold whatever it was. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { until } from '../../support/until.ts';
import { type CaseRow, caseTable } from './case-table.ts';
import { type NodeCall, startNodeCall } from './fault-call.ts';
import { carryOutNext } from './fault-next.ts';
import { contradictions, journalFlaws } from './fault-outcome.ts';
import { finalState, flagsOf, readFinalState } from './final-state.ts';
import type { RealCluster } from './real-cluster.ts';
import { type EndedRun, journalFile } from './run-of.ts';

/** Where everything is in, as it was; with so many restarts. */
export function well(restarts: number): string {
  const times = restarts === 0 ? 'no restart' : restarts === 1 ? '1 restart' : `${restarts} restarts`;
  return `lb-1 AP, lb-2 AP; open; ${times}; no mark`;
}

export interface EndedCase {
  readonly ended: EndedRun;
  readonly stateDir: string;
  /** One call on another node, which is to be up. */
  readonly elsewhere: NodeCall;
  /** How often the test itself has restarted or killed the node. Default never. */
  readonly startsByOthers?: number;
  /** How often the run is to have restarted it where it is done. Default once. */
  readonly restartsWhenDone?: number;
  /** The disk was full: what was told last is not in the journal. */
  readonly isJournalLost?: boolean;
}

export function callElsewhere(cluster: RealCluster): Promise<NodeCall> {
  return startNodeCall(cluster.nodes[1]);
}

/** @param cluster once it is there */
export function faultTable(title: string, cluster: () => RealCluster) {
  const table = caseTable(title);
  return {
    /** What was so in the middle of a run, which ended as it is told behind. */
    among: (row: CaseRow): void => table.add(row),
    /** What somebody did then: `drain node-1: went on`. @returns the final state */
    async then(did: string, exit: number | null): Promise<string> {
      const state = await finalState(cluster());
      table.add({ case: '  then', did, state, exit });
      return state;
    },
    /**
     * Reads the servers, writes the row, and asserts that words and world agree. Where the node is not in then, does what
     * the run says is to be done next, and asserts that it is.
     */
    async judge(what: string, its: EndedCase): Promise<void> {
      const {
        ended,
        stateDir,
        elsewhere,
        startsByOthers = 0,
        restartsWhenDone = 1,
        isJournalLost = false,
      } = its;
      const { settled, exitCode, events, stdout, stderr } = ended;
      await untilPinged(cluster(), startsByOthers > 0);
      const state = await finalState(cluster());
      const real = await readFinalState(cluster());
      const service = settled.nodes['node-1'] ?? '';
      table.add({ case: what, did: `${settled.outcome}: ${service}`, state, exit: exitCode });
      const context = `${what}: ${state}\n${stdout.slice(-6_000)}\n${stderr}`;
      expect(
        contradictions({ exitCode, settled, events, real, startsByOthers, restartsWhenDone }),
        context,
      ).toEqual([]);
      if (!isJournalLost)
        expect(journalFlaws(readFileSync(journalFile(stateDir).path, 'utf8')), context).toEqual([]);
      expect(stderr, context).not.toMatch(/a bug/);
      expect(await elsewhere.isUp(), context).toBe(true);
      if (service === 'in service' || exitCode === 3) return;
      const done = await carryOutNext(cluster(), onTheWayBack(settled.next));
      expect(
        done.filter((one) => !one.endsWith(': 0')),
        context,
      ).toEqual([]);
      // A run that goes on restarts the node where that was still to be done, and only there.
      const end = await finalState(cluster());
      const goesOn = done.some((one) => one.startsWith('resume ')) && real.restarts === startsByOthers;
      expect([well(real.restarts), ...(goesOn ? [well(real.restarts + 1)] : [])], context).toContain(end);
      table.add({
        case: `  then ${done.map(verbOf).join(', ')}`,
        did: 'as it was told to do next',
        state: end,
        exit: 0,
      });
      expect(await elsewhere.isUp(), context).toBe(true);
    },
  };
}

/** `resume` of `resume RUN: 0`. */
function verbOf(done: string): string {
  return done.split(/[ :]/)[0] ?? '';
}

/** What is to be looked at, and then the run itself where it can go on; else the last of several ways, which leads back in. */
function onTheWayBack(next: readonly string[]): readonly string[] {
  const looks = next.filter((line) => / (status|show \S+)$/.test(line));
  const resume = next.filter((line) => / resume /.test(line));
  return [...looks, ...(resume.length > 0 ? resume : next.slice(-1))];
}

/** A ping that was lost is noticed once fr_timer is over (500 ms here), the next one goes out within the second. */
const PINGS_OVER = 2_000;

/**
 * What Kamailio's pings make of it by themselves: behind a reload it is AX, behind a crash TP or IP for a while. What does not
 * come to rest is judged as it is.
 * @param wasDown a ping may have been lost just before the node was back: AP is at rest only once it has stayed so
 */
async function untilPinged(cluster: RealCluster, wasDown: boolean): Promise<void> {
  const rests = (flags: string | null): boolean => flags === null || /^(AP|D.)$/.test(flags);
  let since: number | null = null;
  await until(
    'no ping changes it any more',
    async () => {
      const atRest = Object.values(await flagsOf(cluster)).every(rests);
      since = atRest ? (since ?? Date.now()) : null;
      return since !== null && Date.now() - since >= (wasDown ? PINGS_OVER : 0);
    },
    10_000,
  ).catch(() => undefined);
}
