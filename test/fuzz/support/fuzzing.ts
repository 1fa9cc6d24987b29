/** How a property is run: with the seed of this run of the tests, and a failure says how it is repeated. */
import { relative } from 'node:path';
import fc from 'fast-check';
import { expect, inject } from 'vitest';

export interface Effort<Ts> {
  /** How many of the usual runs, for properties that cost more (or less) than others; default 1. */
  readonly share?: number;
  /** What failed once: tried first, each time. */
  readonly examples?: Ts[];
}

/** Longer counterexamples are cut: the seed makes them again. */
const SHOWN = 6_000;

/** An asynchronous run that takes longer hangs: ms. */
export const HANGS = 20_000;

/** Fails with the smallest counterexample that was found, and with the command that finds it again. */
export function holds<Ts extends [unknown, ...unknown[]]>(
  property: fc.IPropertyWithHooks<Ts>,
  effort: Effort<Ts> = {},
): void {
  report(fc.check(property, parameters(effort)));
}

/** The same for a property that waits. Runs go one after the other. */
export async function holdsInTime<Ts extends [unknown, ...unknown[]]>(
  property: fc.IAsyncPropertyWithHooks<Ts>,
  effort: Effort<Ts> = {},
): Promise<void> {
  report(await fc.check(property, { ...parameters(effort), timeout: HANGS }));
}

function parameters<Ts>({ share = 1, examples = [] }: Effort<Ts>): fc.Parameters<Ts> {
  const path = process.env['FSHA_FUZZ_PATH'];
  return {
    seed: inject('fuzzSeed'),
    numRuns: Math.max(1, Math.round(inject('fuzzRuns') * share)) + examples.length,
    examples,
    // Shrinking a long text could go on for minutes; what is found until then is small enough.
    endOnFailure: false,
    ...(path === undefined ? {} : { path }),
  };
}

function report<Ts>(details: fc.RunDetails<Ts>): void {
  if (!details.failed) return;
  const message = fc.defaultReportMessage(details) ?? 'failed';
  const shown = message.length <= SHOWN ? message : `${message.slice(0, SHOWN)}… (cut)`;
  throw new Error(`${shown}\n\n${again(details)}`, { cause: details.errorInstance });
}

function again<Ts>({ seed, counterexamplePath }: fc.RunDetails<Ts>): string {
  const { testPath = '', currentTestName = '' } = expect.getState();
  const path = counterexamplePath === null ? '' : ` FSHA_FUZZ_PATH=${counterexamplePath}`;
  const name = currentTestName.replaceAll(' > ', ' ').replace(/[.*+?^${}()|[\]\\']/g, '.');
  return (
    `Again: FSHA_FUZZ_SEED=${seed} FSHA_FUZZ_RUNS=${inject('fuzzRuns')}${path} ` +
    `npx vitest run --project fuzz ${relative(process.cwd(), testPath)} -t '${name}'`
  );
}
