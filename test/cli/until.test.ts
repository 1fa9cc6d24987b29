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
    ['23:59 UTC', '2026-11-22T21:30:00Z', '2026-11-22T23:59:00.000Z'],
    ['05:00 Europe/Berlin', '2026-11-22T21:30:00Z', '2026-11-23T04:00:00.000Z'],
    ['05:00 Europe/Berlin', '2026-06-22T21:30:00Z', '2026-06-23T03:00:00.000Z'],
    ['05:00 Asia/Kolkata', '2026-11-22T21:30:00Z', '2026-11-22T23:30:00.000Z'],
    // In the nights in which clocks are set: seven hours, and nine.
    ['05:00 Europe/Berlin', '2026-03-28T21:00:00Z', '2026-03-29T03:00:00.000Z'],
    ['05:00 Europe/Berlin', '2026-10-24T20:00:00Z', '2026-10-25T04:00:00.000Z'],
    // 02:30 does not come that night: as long after midnight as in any other one.
    ['02:30 Europe/Berlin', '2026-03-28T21:00:00Z', '2026-03-29T01:30:00.000Z'],
    // The hour that comes twice that night: its first time, and when that is over its second one.
    ['02:30 Europe/Berlin', '2026-10-24T22:00:00Z', '2026-10-25T00:30:00.000Z'],
    ['02:30 Europe/Berlin', '2026-10-25T00:40:00Z', '2026-10-25T01:30:00.000Z'],
    ['02:00 Europe/Berlin', '2026-10-25T00:10:00Z', '2026-10-25T01:00:00.000Z'],
    // Of a day that is named, however far away.
    ['2026-11-24 05:00 UTC', '2026-11-23T05:00:01Z', '2026-11-24T05:00:00.000Z'],
    ['2026-11-24T05:00 Europe/Berlin', '2026-11-22T05:00:01Z', '2026-11-24T04:00:00.000Z'],
  ])('%s at %s', async (text, now, expected) => expect(await until(text, now)).toBe(expected));

  test('without a zone it is that of this machine', async () => {
    const now = new Date(2026, 10, 22, 21, 30);
    expect(await readUntil('22:15', now)).toBe(new Date(2026, 10, 22, 22, 15).getTime());
  });
});

describe('what is no window', () => {
  // A timer that comes a second too late must not restart nodes by day.
  test.each(['2026-11-23T05:00:00Z', '2026-11-23T05:00:01Z', '2026-11-23T16:59:00Z'])(
    'the next night: 05:00 UTC at %s',
    async (now) => {
      const hours = Math.round((Date.parse('2026-11-24T05:00:00Z') - Date.parse(now)) / 3_600_000);
      await expect(readUntil('05:00 UTC', new Date(now))).rejects.toMatchObject({
        code: 'usage',
        message: `--until 05:00 UTC is ${hours} hours away: that is the next night's`,
        hint: "Where it is meant, name its day: '2026-11-24 05:00 UTC'.",
      });
    },
  );

  test('a time that is over', async () => {
    await expect(readUntil('2026-11-23 05:00 UTC', new Date('2026-11-23T05:00:00Z'))).rejects.toMatchObject({
      code: 'usage',
      message: '--until 2026-11-23 05:00 UTC is over',
    });
  });
});

test.each([
  '',
  '2026-02-30 05:00',
  '2026-11-23',
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
