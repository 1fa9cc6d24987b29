/** Whether what a run says of its end is so: derived from its own words and from the servers, whatever the fault was. */
import type { RunEvent, RunSettled } from '../../../src/domain/run-events.ts';
import { isRestartIntent, restartOf, stepStarted, warnings } from './events-of.ts';
import type { FinalState } from './final-state.ts';
import { only } from './fsha.ts';

export interface Outcome {
  readonly exitCode: number | null;
  readonly settled: RunSettled;
  readonly events: readonly RunEvent[];
  /** As the servers are now. */
  readonly real: FinalState;
  /** How often the test itself has restarted or killed the node. */
  readonly startsByOthers: number;
  /** How often it is to have restarted the node where it is done; default once. */
  readonly restartsWhenDone?: number;
}

/** Everything in which the words and the world do not agree; nothing is good. The node was found in, open and unmarked. */
export function contradictions(outcome: Outcome): readonly string[] {
  const { exitCode, settled, events, real, startsByOthers, restartsWhenDone = 1 } = outcome;
  const restarts = real.restarts - startsByOthers;
  const service = settled.nodes['node-1'] ?? 'not named';
  const flags = Object.values(real.flags).map((one) => one ?? 'unknown');
  const areAll = (state: RegExp): boolean => flags.every((one) => state.test(one));
  const asFound = [
    unless(areAll(/^AP$/), `FLAGS are ${flags.join(', ')}`),
    unless(real.node === 'open', `it is ${real.node}`),
    unless(real.mark === '', `its mark is ${real.mark ?? 'unknown'}`),
  ].flat();
  const said = [
    unless(settled.exit === exitCode, `run.settled says exit ${settled.exit}, the process ${exitCode}`),
    unless(settled.callsCut === 0, `${settled.callsCut} calls were cut`),
    unless(restarts <= 1, `restarted ${restarts} times`),
    unless(restarts === 0 || events.some(isRestartIntent), 'restarted without a word'),
    unless(
      restarts === 1 || restartOf(events)?.outcome !== 'done',
      `the restart was done, and the node was restarted ${restarts} times`,
    ),
    service === 'in service' ? unless(areAll(/^A/) && real.node === 'open', `in service, and it is not`) : [],
    service === 'out of service'
      ? unless(areAll(/^D/), `out of service, and FLAGS are ${flags.join(', ')}`)
      : [],
  ].flat();
  return [...said, ...ofExit()];

  function ofExit(): readonly string[] {
    switch (exitCode) {
      case 0:
        return [
          ...asFound,
          ...unless(restarts === restartsWhenDone, `done with ${restarts} restarts`),
          ...mustBe('in service'),
        ];
      case 3:
      case 4:
        return [
          ...asFound,
          ...notRestarted(),
          ...unless(service !== 'out of service', `refused, and ${service}`),
        ];
      case 5:
      case 12:
      case 129:
      case 130:
      case 143:
        // What has ended is the watch over a node that was to be out.
        if (events.some(stepStarted('guard'))) return [...notRestarted(), ...mustBe('out of service')];
        return [...asFound, ...notRestarted(), ...mustBe('in service')];
      case 6:
        return [...notRestarted(), ...mustBe('out of service')];
      case 7:
      case 8:
        return [
          ...mustBe('out of service'),
          ...unless(
            real.node !== 'open' || warnings(events).some((one) => /could not be paused/.test(one)),
            'it failed behind the restart, is not paused, and nothing was said',
          ),
        ];
      case 9:
        return unless(isUnknown(events), 'exit 9, and there is nothing that could not be read');
      default:
        return [`exit ${exitCode}`];
    }
  }

  function mustBe(wanted: string): readonly string[] {
    return unless(service === wanted, `exit ${exitCode}, and the node is ${service}`);
  }

  function notRestarted(): readonly string[] {
    return unless(restarts === 0, `exit ${exitCode}, and it was restarted`);
  }
}

/** Whether there was something that the run could not read, or could not bring back. */
function isUnknown(events: readonly RunEvent[]): boolean {
  const settled = only(events, 'effect.settled').map(({ data }) => data.outcome);
  return (
    settled.some((one) => one === 'unknown' || one === 'failed') ||
    only(events, 'effect.intended').length > settled.length ||
    only(events, 'undo.settled').some(({ data }) => data.outcome !== 'done') ||
    only(events, 'step.settled').some(({ data }) => data.outcome === 'unknown')
  );
}

function unless(holds: boolean, otherwise: string): readonly string[] {
  return holds ? [] : [otherwise];
}

/** What is wrong with the file of a run: torn, with a hole, without an end, or with more than one. */
export function journalFlaws(text: string): readonly string[] {
  if (text === '') return ['it is empty'];
  const lines = text.split('\n');
  const torn = lines.pop();
  const events = lines.flatMap((line, index): readonly (RunEvent | string)[] => {
    try {
      return [JSON.parse(line) as RunEvent];
    } catch {
      return [`line ${index + 1} is no event: ${line.slice(0, 80)}`];
    }
  });
  const read = events.filter((event) => typeof event === 'object');
  const ends = read.filter(({ type }) => type === 'run.settled').length;
  return [
    ...events.filter((event) => typeof event === 'string'),
    ...unless(torn === '', 'its last line is torn'),
    ...unless(
      read.every(({ seq }, index) => seq === index + 1),
      `its numbers are ${read.map(({ seq }) => seq).join(' ')}`,
    ),
    ...unless(ends === 1, `${ends} run.settled`),
    ...unless(read.at(-1)?.type === 'run.settled', `it ends with ${read.at(-1)?.type ?? 'nothing'}`),
  ];
}
