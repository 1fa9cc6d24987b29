/** What cutting is judged by: the rows of the core database, each looked up in memory. */
import { known, unknown, type ChannelRow, type Known, type LiveCalls } from '../domain/observation.ts';
import { printable } from '../domain/text.ts';
import { isChannelId } from './channel-arguments.ts';
import type { EslConnection } from './esl-connection.ts';
import { readBoolean } from './plain-replies.ts';
import { Questions, read, type AskingTime } from './questions.ts';
import { readChannels } from './show-replies.ts';
import { askStatus } from './status-question.ts';

/**
 * Reads the rows, then asks for each whether it is there, then counts the sessions: one more than the channels found is
 * then a call without a row, or one that came meanwhile. Unknown as soon as one answer is not what it should be.
 * @param time its `timeout`, ms, is for the rows, for each channel and for the sessions
 * @throws FshaError `interrupted`, and nothing else
 */
export async function readLiveCalls(
  connection: EslConnection,
  time: AskingTime,
  signal: AbortSignal,
): Promise<Known<LiveCalls>> {
  const ask = (command: string): Promise<Known<string>> =>
    new Questions(connection, time, signal).ask(command);
  const rows = read(await ask('show channels as json'), readChannels);
  if (!rows.known) return rows;
  const uuids = new Set(rows.value.map(({ uuid }) => uuid));
  if (uuids.size !== rows.value.length) return unknown('core database: one channel in two rows');
  const channels: ChannelRow[] = [];
  for (const row of rows.value) {
    if (!isChannelId(row.uuid))
      return unknown(`core database: a channel that cannot be asked for, "${printable(row.uuid, 40)}"`);
    const exists = readBoolean(await ask(`uuid_exists ${row.uuid}`));
    if (!exists.known) return exists;
    if (exists.value) channels.push(row);
  }
  const { sessions } = await askStatus(new Questions(connection, time, signal));
  if (!sessions.known) return sessions;
  return known({ channels, ghosts: rows.value.length - channels.length, sessions: sessions.value });
}
