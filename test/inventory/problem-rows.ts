import { expect } from 'vitest';
import { inventoryFolder, inventoryText, refusal } from './inventory-folder.ts';

type Parts = Parameters<typeof inventoryText>[0];

/** What is tried, the inventory, and the one line that is said, without `fsha.yaml:`. */
export type ProblemRow = readonly [string, Parts, string | RegExp];

// The proxy stands in line 4, the first node in line 6, the defaults in line 7, the rest in line 8.
export const node = (text: string): Parts => ({
  nodes: `  node-1: { destinations: [{ set: 1, uri: 'sip:10.0.1.10:5080' }], ${text} }`,
});
export const destinations = (text: string): Parts => ({ nodes: `  node-1: { destinations: ${text} }` });
export const two = (first: string, second: string): Parts => ({
  nodes: `  node-1: { destinations: [${first}] }\n  node-2: { esl: { host: fs2 }, destinations: [${second}] }`,
});
export const proxy = (text: string): Parts => ({ proxies: `  lb-1: { ${text} }` });
export const rest = (text: string): Parts => ({ rest: text });

/** Loads the inventory, which has to be refused with nothing but this line, and without the secret `hunter2` in it. */
export async function expectProblem(parts: Parts, said: string | RegExp): Promise<void> {
  await using folder = await inventoryFolder();
  const error = await refusal(folder.load(inventoryText(parts)));
  expect(error.code).toBe('inventory');
  const message = error.message.replace(/^fsha\.yaml:/, '');
  if (typeof said === 'string') expect(message).toBe(said);
  else expect(message).toMatch(said);
  expect(`${error.message} ${error.hint}`).not.toContain('hunter2');
  expect(error.hint).toContain('docs/inventory.md');
}
