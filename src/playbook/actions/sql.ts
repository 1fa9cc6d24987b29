import { shownValue } from '../../domain/playbook/shown-text.ts';
import type { RunAction } from '../../workflow/action-port.ts';
import type { SqlPort } from '../../workflow/outside-ports.ts';
import { isJsonList } from '../../domain/playbook/json.ts';
import type { Action } from '../action.ts';
import { Params, timeLeft } from './read-params.ts';

const MOST_ROWS = 1_000;
const MAX_BYTES = 8 * 1024 * 1024;

export const sql: Action = {
  name: 'sql',
  summary: 'Reads from PostgreSQL: one query in a read-only transaction.',
  params: {
    kind: 'fields',
    fields: {
      query: {
        kind: 'text',
        lines: true,
        literal: true,
        required: true,
        expected: 'a query that gives rows',
        description: 'Never a template: values are given by values, as $1, $2 and so on.',
      },
      values: { kind: 'list', of: { kind: 'any' }, description: 'What stands for $1, $2 and so on.' },
      dsn: {
        kind: 'text',
        description:
          "A connection string, from a secret variable; the inventory's postgres.dsn where nothing is said.",
      },
      limit: {
        kind: 'integer',
        minimum: 1,
        maximum: MOST_ROWS,
        default: 100,
        description: 'How many rows are read at most.',
      },
    },
  },
  short: 'query',
  result: {
    rows: {
      type: 'list',
      description:
        'A map of columns for each row. Numbers beyond 2^53 and of type numeric are text, as are dates.',
    },
    count: { type: 'integer', description: 'How many rows are in it.' },
    more: { type: 'boolean', description: 'There are more than were read.' },
  },
  changes: () => 'nothing',
  timeout: 15_000,
  without: ['rerun', 'check', 'disruptive', 'cutsCalls'],
};

/** @param database what asks it */
export function runSql(database: SqlPort): RunAction {
  return async (params, _node, around) => {
    const read = new Params(params, around.name);
    const dsn = read.textOr('dsn', null) ?? around.world.cluster.postgres?.dsn.reveal();
    if (dsn === undefined)
      throw read.wrong('dsn', 'is missing, and the inventory has no postgres.dsn', 'Give one of them.');
    const { rows, more } = await database.query(
      {
        dsn,
        query: read.text('query'),
        values: read.list('values'),
        limit: read.integerOr('limit', 100, 1, MOST_ROWS),
        timeout: timeLeft(around),
        maxBytes: MAX_BYTES,
      },
      around.signal,
    );
    const shown = shownValue(rows);
    if (shown === undefined || !isJsonList(shown))
      throw read.wrong('query', 'gives more than a playbook can hold', 'Read fewer columns or rows.');
    return {
      ok: true,
      rows: shown,
      count: shown.length,
      more,
      said: `${shown.length} rows${more ? ', and more' : ''}`,
    };
  };
}
