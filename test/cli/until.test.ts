import { describe, expect, test } from 'vitest';
import { readUntil } from '../../src/cli/until.ts';

/** When it is, as text in UTC. */
async function until(text: string, now: string): Promise<string> {
  return new Date(await readUntil(text, new Date(now))).toISOString();
}

describe('the next time that a clock shows that', () => {
  test.each([
    ['05:00 UTC', '2026-11-22T21:30:00Z', '2026-11-23T05:00:00.000Z'],
    ['5:00 UTC', '2026-11-23T04:59:59Z', '2026-11-23T05:00:00.000Z'],
    // Now is no window.
    ['05:00 UTC', '2026-11-23T05:00:00Z', '2026-11-24T05:00:00.000Z'],
    ['23:59 UTC', '2026-11-22T21:30:00Z', '2026-11-22T23:59:00.000Z'],
    ['05:00 Europe/Berlin', '2026-11-22T21:30:00Z', '2026-11-23T04:00:00.000Z'],
    ['05:00 Europe/Berlin', '2026-06-22T21:30:00Z', '2026-06-23T03:00:00.000Z'],
    ['05:00 Asia/Kolkata', '2026-11-22T21:30:00Z', '2026-11-22T23:30:00.000Z'],
    // In the nights in which clocks are set: seven hours, and nine.
    ['05:00 Europe/Berlin', '2026-03-28T21:00:00Z', '2026-03-29T03:00:00.000Z'],
    ['05:00 Europe/Berlin', '2026-10-24T20:00:00Z', '2026-10-25T04:00:00.000Z'],
    // 02:30 does not come that night: as long after midnight as in any other one.
    ['02:30 Europe/Berlin', '2026-03-28T21:00:00Z', '2026-03-29T01:30:00.000Z'],
  ])('%s at %s', async (text, now, expected) => expect(await until(text, now)).toBe(expected));

  test('without a zone it is that of this machine', async () => {
    const now = new Date(2026, 10, 22, 21, 30);
    expect(await readUntil('22:15', now)).toBe(new Date(2026, 10, 22, 22, 15).getTime());
  });
});

test.each([
  '',
  '5',
  '24:00',
  '12:60',
  '05:00:00',
  '05:00 Mars/Olympus',
  'tomorrow',
  '-1:00',
  '05:00 Europe/Berlin x',
])('%j: refused', async (text) => {
  await expect(readUntil(text, new Date())).rejects.toMatchObject({ code: 'usage' });
});
