// Reads reports of vitest's JSON reporter and prints what failed in them, each with the first lines of why: the last thing
// that test.sh prints, since a failure in hours of output is found only at its end.
// Usage: node scripts/print-failures.mjs REPORT…
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const linesOfWhy = 12;

/**
 * @typedef {{status: string, fullName: string, failureMessages?: string[]}} Test
 * @typedef {{name: string, status: string, message?: string, assertionResults: Test[]}} File
 */

/** @param {string} title @param {string} why */
function entry(title, why) {
  const lines = stripVTControlCharacters(why).trimEnd().split('\n');
  const shown = lines.slice(0, linesOfWhy).map((line) => `    ${line}`.trimEnd());
  return [`FAILED ${title}`, ...shown].join('\n');
}

/** @param {File} file */
function failuresOf(file) {
  const name = relative('.', file.name);
  const failed = file.assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return file.status === 'failed' ? [entry(name, file.message ?? '')] : [];
  return failed.map((test) => entry(`${name}: ${test.fullName}`, (test.failureMessages ?? []).join('\n')));
}

/** @param {string} path @returns {string[]} */
function failuresIn(path) {
  try {
    /** @type {{testResults: File[]}} */
    const report = JSON.parse(readFileSync(path, 'utf8'));
    return report.testResults.flatMap(failuresOf);
  } catch {
    return [entry(path, 'The report of this suite is missing or is half a one.')];
  }
}

for (const failure of process.argv.slice(2).flatMap(failuresIn)) console.log(`\n${failure}`);
