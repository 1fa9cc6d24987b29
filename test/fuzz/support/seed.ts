/** One seed for a whole run of the fuzz tests, said before they begin, so that whatever they find can be found again. */
import { randomInt } from 'node:crypto';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    fuzzSeed: number;
    fuzzRuns: number;
  }
}

const DEFAULT_RUNS = 100;
/** Of CI, where a change is to be judged by what it changed, and not by luck. Found by hand, with new seeds, is found for it too. */
const CI_SEED = 20_261_123;

/** FSHA_FUZZ_SEED and FSHA_FUZZ_RUNS, else a new seed (in CI always the same one) and the runs for every day. */
export function setup(project: TestProject): void {
  const seed =
    fromEnvironment('FSHA_FUZZ_SEED') ?? (process.env['CI'] === 'true' ? CI_SEED : randomInt(0x7fffffff));
  const runs = fromEnvironment('FSHA_FUZZ_RUNS') ?? DEFAULT_RUNS;
  project.provide('fuzzSeed', seed);
  project.provide('fuzzRuns', runs);
  console.log(
    `fuzz: seed ${seed}, ${runs} runs a property; again with: FSHA_FUZZ_SEED=${seed} FSHA_FUZZ_RUNS=${runs} npx vitest run --project fuzz`,
  );
}

function fromEnvironment(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,10}$/.test(text)) throw new Error(`${name} is not a whole number: ${text}`);
  return Number(text);
}
