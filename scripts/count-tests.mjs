// Reads a report of vitest's JSON reporter and prints two numbers, passed and failed, for test.sh to add up.
// Usage: node scripts/count-tests.mjs REPORT EXIT_CODE_OF_VITEST
import { readFileSync } from 'node:fs';

const [path, exitCode] = process.argv.slice(2);

/** @param {{numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: {status: string, assertionResults: {status: string}[]}[]}} report */
function count(report) {
  // A file that could not even be loaded has no failed test in it.
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  // In CI nothing may be left out.
  const leftOut = process.env['CI'] === 'true' ? report.numPendingTests + report.numTodoTests : 0;
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken + leftOut };
}

/** No report, or half a one, is a run that ended before its end. */
function read() {
  try {
    return count(JSON.parse(readFileSync(path ?? '', 'utf8')));
  } catch {
    return { passed: 0, failed: 1 };
  }
}

const { passed, failed } = read();
// An error outside of any test (an unhandled rejection, no test found) shows in the exit code only.
console.log(passed, failed === 0 && exitCode !== '0' ? 1 : failed);
