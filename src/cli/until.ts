/** `--until 05:00`, `--until '05:00 Europe/Berlin'`: the next time that the clock shows that. */
import { FshaError } from '../domain/errors.ts';

/** Longer than this from now is a mistake, and no window: the clock shows every time once a day, on the longest one too. */
const LONGEST = 25 * 3_600_000;

/**
 * @param text a time of day, and perhaps a zone of the IANA database; without one it is this machine's
 * @param now wall clock
 * @returns wall clock, ms since 1970
 * @throws FshaError `usage`
 */
export async function readUntil(text: string, now: Date): Promise<number> {
  const match = /^(\d{1,2}):(\d{2})(?:\s+(\S+))?$/.exec(text.trim());
  const hour = Number(match?.[1] ?? Number.NaN);
  const minute = Number(match?.[2] ?? Number.NaN);
  if (!(hour < 24) || !(minute < 60))
    throw new FshaError(
      'usage',
      `--until ${text} is not a time of day`,
      `Write it like 05:00, or '05:00 Europe/Berlin'.`,
    );
  const zone = match?.[3] ?? 'local';
  const { DateTime } = await import('luxon');
  const here = DateTime.fromJSDate(now, { zone });
  if (!here.isValid)
    throw new FshaError(
      'usage',
      `--until ${text}: there is no time zone ${zone}`,
      'Take one like Europe/Berlin.',
    );
  const today = here.set({ hour, minute, second: 0, millisecond: 0 });
  const next = today.toMillis() > now.getTime() ? today : today.plus({ days: 1 });
  const until = next.toMillis();
  if (until - now.getTime() > LONGEST)
    throw new FshaError('bug', `--until ${text} was taken for ${next.toISO()}`);
  return until;
}
