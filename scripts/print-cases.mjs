// Prints the cases that the tests of drains in trouble have seen: what went wrong, what fsha did, what the servers showed
// afterwards, and the exit code.
// Usage: node scripts/print-cases.mjs CASES.ndjson   (written by the tests where FSHA_CASES names a file)
import { readFileSync } from 'node:fs';

const [path = ''] = process.argv.slice(2);
/** @type {{title: string, case: string, did: string, state: string, exit: number | string | null}[]} */
const rows = readFileSync(path, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line));
const titles = [...new Set(rows.map((row) => row.title))].sort();
const keys = /** @type {const} */ (['case', 'did', 'state', 'exit']);
const widths = keys.map((key) => Math.max(...rows.map((row) => String(row[key] ?? '-').length)));
for (const title of titles) {
  console.log(`\n${title}`);
  for (const row of rows.filter((one) => one.title === title)) {
    const cells = keys.map((key, column) => String(row[key] ?? '-').padEnd(widths[column] ?? 0));
    console.log(`  ${cells.join('  ').trimEnd()}`);
  }
}
console.log(`\n${rows.length} cases`);
