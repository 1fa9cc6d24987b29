import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/** One exchange with a real Kamailio: the body that was posted, and what came back. */
export interface Exchange {
  readonly request: string;
  readonly status: number;
  readonly reason: string;
  readonly contentType: string;
  readonly body: string;
}

const FOLDER = new URL('../../fixtures/kamailio/', import.meta.url);

export function recorded(name: string): Exchange {
  return JSON.parse(readFileSync(pathOf(name), 'utf8')) as Exchange;
}

/**
 * Compares an exchange with the recorded one, whatever differs from run to run made equal. With FSHA_RECORD=1 it is
 * recorded anew instead.
 */
export function expectRecorded(name: string, exchange: Exchange, prefix: string): void {
  const steady = {
    ...exchange,
    request: withoutRun(exchange.request, prefix),
    body: withoutRun(exchange.body, prefix),
  };
  if (process.env['FSHA_RECORD'] === '1') {
    writeFileSync(pathOf(name), `${JSON.stringify(steady, null, 2)}\n`);
  }
  expect(steady, name).toEqual(recorded(name));
}

function pathOf(name: string): string {
  return fileURLToPath(new URL(`${name}.json`, FOLDER));
}

function withoutRun(text: string, prefix: string): string {
  let pid = 4000;
  return text
    .replaceAll(`${prefix}.`, '127.0.0.')
    .replace(/\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, 'Sun Nov 22 21:51:16 2026')
    .replace(/"uptime":\d+/g, '"uptime":2')
    .replace(/(?<=[[,])\d+(?=,")|(?<="PID":)\d+/g, () => String((pid += 1)));
}
