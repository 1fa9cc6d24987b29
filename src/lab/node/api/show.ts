import { randomUUID } from 'node:crypto';
import { microseconds } from '../wall-clock.ts';
import { words, type ApiCommand, type Platform } from './command.ts';
import { callRow, channelRow, registrationRow, type Row } from './rows.ts';

const USAGE =
  '-USAGE: codec|endpoint|application|api|dialplan|file|timer|calls [count]|channels [count|like <match string>]|calls|detailed_calls|bridged_calls|detailed_bridged_calls|aliases|complete|chat|management|modules|nat_map|say|interfaces|interface_types|tasks|limits|status\n';

/** Reads the core database, not memory: it can be down, lag behind or know calls that are gone. */
export const show: ApiCommand = (platform, argument) => {
  const asked = words(argument);
  const read = TABLES.get(asked[0] ?? '');
  if (!read) return USAGE;
  const format = asked.at(-2) === 'as' ? asked.at(-1) : undefined;
  if (format !== undefined && format !== 'json') return `-ERR Cannot find format ${format}\n`;
  if (platform.core.faults.is('database')) return '-ERR Database error!\n';
  const rows =
    asked[1] === 'like' ? read(platform).filter((row) => matches(row, asked[2] ?? '')) : read(platform);
  if (asked[1] === 'count') return count(rows.length, format);
  return format === 'json' ? asJson(rows) : asTable(rows);
};

function count(rows: number, format: string | undefined): string {
  if (format !== 'json') return `\n${rows} total.\n`;
  return rows === 0 ? NO_ROWS : JSON.stringify({ row_count: rows, rows: [] });
}

const NO_ROWS = '{"row_count": 0}\n';

function asJson(rows: readonly Row[]): string {
  return rows.length === 0 ? NO_ROWS : JSON.stringify({ row_count: rows.length, rows });
}

function asTable(rows: readonly Row[]): string {
  const [first] = rows;
  const lines = first === undefined ? [] : [Object.keys(first), ...rows.map((row) => Object.values(row))];
  return `${lines.map((line) => `${line.join(',')}\n`).join('')}\n${rows.length} total.\n`;
}

function matches(row: Row, text: string): boolean {
  return ['uuid', 'name', 'cid_name', 'cid_num', 'presence_data', 'accountcode'].some((key) =>
    row[key]?.includes(text),
  );
}

const TABLES: ReadonlyMap<string, (platform: Platform) => Row[]> = new Map([
  [
    'channels',
    (platform: Platform) =>
      inDatabase(
        platform,
        platform.channels.list().map((channel) => channelRow(platform, channel)),
      ),
  ],
  [
    'calls',
    (platform: Platform) =>
      inDatabase(
        platform,
        platform.channels.calls().map((channel) => callRow(platform, channel)),
      ),
  ],
  ['registrations', (platform: Platform) => platform.registrations.own().map(registrationRow)],
]);

/** What the database shows of the rows that should be there. */
function inDatabase({ core }: Platform, rows: Row[]): Row[] {
  const missing = core.faults.value('missingRows') === true ? rows.length : core.faults.number('missingRows');
  const ghosts = Array.from({ length: core.faults.number('ghostRows') }, () =>
    ghostRow(core.config.switchname),
  );
  return [...ghosts, ...rows.slice(missing)];
}

function ghostRow(hostname: string): Row {
  const created = String(Math.floor(microseconds() / 1_000_000) - 7200);
  const name = 'sofia/external/ghost@127.0.0.1';
  return {
    uuid: randomUUID(),
    direction: 'inbound',
    created: '',
    created_epoch: created,
    name,
    state: 'CS_EXECUTE',
    callstate: 'ACTIVE',
    hostname,
  };
}
