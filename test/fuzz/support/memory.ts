/** How much memory something holds on to. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes that what `make` gives still holds when everything else is gone, roughly. */
export function heldBytes(make: () => unknown): number {
  const before = inUse();
  const made = make();
  const after = inUse();
  // Only here may it go.
  return made === undefined ? Number.NaN : after - before;
}

function inUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
