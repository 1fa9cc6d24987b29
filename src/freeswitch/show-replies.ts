/** What `show … as json` says. It reads the core database, so it describes and never decides. Pure. */
import { known, unknown, type ChannelRow, type Known } from '../domain/observation.ts';
import { asCount, asRecord, parseJson } from './json-values.ts';
import { isRefusal, unreadable } from './plain-replies.ts';

type Unknown = Extract<Known<never>, { known: false }>;

/** `show calls|channels|registrations count as json`: `{"row_count":4,"rows":[]}`. */
export function readRowCount(body: string): Known<number> {
  const count = asCount(asRecord(parseJson(body))?.['row_count']);
  return count === undefined ? fromDatabase(body, 'a row count') : known(count);
}

/**
 * `show channels as json`, oldest first. Without channels it is `{"row_count": 0}`, without `rows` (measured on
 * 1.10.12). A list that is not whole is unknown: nobody may take it for all calls.
 */
export function readChannels(body: string): Known<readonly ChannelRow[]> {
  const reply = asRecord(parseJson(body));
  const count = asCount(reply?.['row_count']);
  if (reply === undefined || count === undefined) return fromDatabase(body, 'a list of channels');
  const rows: unknown = reply['rows'] ?? [];
  if (!Array.isArray(rows)) return unknown('core database: rows that are not a list');
  if (rows.length !== count)
    return unknown(`core database: list incomplete, ${rows.length} of ${count} rows`);
  const channels = rows.map(readChannel);
  const usable = channels.filter((channel) => channel !== undefined);
  if (usable.length !== count) return unknown('core database: a row without a usable uuid or time');
  return known(usable.sort((a, b) => a.createdEpoch - b.createdEpoch));
}

function fromDatabase(body: string, expected: string): Unknown {
  const { why } = unreadable(body, expected);
  return unknown(isRefusal(body) && !/database/i.test(body) ? why : `core database: ${why}`);
}

function readChannel(value: unknown): ChannelRow | undefined {
  const row = asRecord(value);
  if (row === undefined) return undefined;
  const text = (key: string): string => (typeof row[key] === 'string' ? row[key] : '');
  const uuid = text('uuid');
  const createdEpoch = asCount(row['created_epoch']);
  // The uuid becomes an argument of commands, where a blank would begin the next argument.
  if (!/^[!-~]{1,256}$/.test(uuid) || createdEpoch === undefined) return undefined;
  return {
    uuid,
    direction: text('direction'),
    createdEpoch,
    name: text('name'),
    callerNumber: text('cid_num'),
    destination: text('dest'),
    initialDestination: text('initial_dest'),
    application: text('application'),
    networkAddress: text('ip_addr'),
    callUuid: text('call_uuid'),
    // ACTIVE, RINGING, HELD: what the call does. `state` is the core's own machine (CS_EXECUTE).
    state: text('callstate') || text('state'),
  };
}
