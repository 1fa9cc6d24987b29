// Holds the number of tests that the README names for the suite of faults to the number that a report of vitest's JSON
// reporter has. Exits 1 where they differ.
// Usage: node scripts/check-size.mjs REPORT README
import { readFileSync } from 'node:fs';

const [reportPath = '', readmePath = ''] = process.argv.slice(2);
/** @type {{numTotalTests: number}} */
const { numTotalTests } = JSON.parse(readFileSync(reportPath, 'utf8'));
const named = /^(\d+) tests, and after each case the real servers are read/m.exec(
  readFileSync(readmePath, 'utf8'),
)?.[1];
if (named !== String(numTotalTests)) {
  console.error(
    `The README names ${named ?? 'no number of'} tests of faults, and there are ${numTotalTests}`,
  );
  process.exit(1);
}
