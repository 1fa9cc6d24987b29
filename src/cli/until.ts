/** `--until 05:00`, `--until '05:00 Europe/Berlin'`: the next time that the clock shows that; with a date, that very time. */
import { FshaError } from '../domain/errors.ts';

/**
 * Further away than this is the window of another night: a timer that came a second too late must not restart nodes all day
 * long. Whoever means it writes the date.
 */
const LONGEST = 12 * 3_600_000;

/**
 * @param text a time of day, perhaps behind a date, perhaps before a zone of the IANA database; without one it is this machine's
 * @param now wall clock
 * @returns wall clock, ms since 1970
 * @throws FshaError `usage`
 */
export async function readUntil(text: string, now: Date): Promise<number> {
  const match = /^(?:(\d{4}-\d{2}-\d{2})[ T])?(\d{1,2}):(\d{2})(?:\s+(\S+))?$/.exec(text.trim());
  const hour = Number(match?.[2] ?? Number.NaN);
  const minute = Number(match?.[3] ?? Number.NaN);
  if (!(hour < 24) || !(minute < 60))
    throw new FshaError(
      'usage',
      `--until ${text} is not a time of day`,
      `Write it like 05:00, or '05:00 Europe/Berlin', or '2026-11-23 05:00'.`,
    );
  const date = match?.[1];
  const zone = match?.[4] ?? 'local';
  const { DateTime } = await import('luxon');
  const here = DateTime.fromJSDate(now, { zone });
  if (!here.isValid)
    throw new FshaError(
      'usage',
      `--until ${text}: there is no time zone ${zone}`,
      'Take one like Europe/Berlin.',
    );
  const day = date === undefined ? here : DateTime.fromISO(date, { zone });
  if (!day.isValid)
    throw new FshaError('usage', `--until ${text}: there is no such day`, 'Write it like 2026-11-23.');
  const first = day.set({ hour, minute, second: 0, millisecond: 0 });
  const days = date === undefined ? [first, first.plus({ days: 1 })] : [first];
  // In the night in which clocks are set back it comes twice.
  const times = days.flatMap((one) => one.getPossibleOffsets().map((each) => each.toMillis()));
  const until = times.toSorted((a, b) => a - b).find((time) => time > now.getTime());
  if (until === undefined)
    throw new FshaError('usage', `--until ${text} is over`, 'Name a time that is still to come.');
  if (date === undefined && until - now.getTime() > LONGEST)
    throw new FshaError(
      'usage',
      `--until ${text} is ${Math.round((until - now.getTime()) / 3_600_000)} hours away: that is the next night's`,
      `Where it is meant, name its day: '${DateTime.fromMillis(until, { zone }).toFormat('yyyy-MM-dd')} ${text.trim()}'.`,
    );
  return until;
}
