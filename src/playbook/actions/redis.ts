import { shownValue } from '../../domain/playbook/shown-text.ts';
import { isRedisRead } from '../../domain/redis-reads.ts';
import type { RunAction } from '../../workflow/action-port.ts';
import type { RedisPort } from '../../workflow/outside-ports.ts';
import { isJsonList } from '../../domain/playbook/json.ts';
import type { Action } from '../action.ts';
import { Params, timeLeft } from './read-params.ts';

const MAX_BYTES = 8 * 1024 * 1024;

export const redis: Action = {
  name: 'redis',
  summary: 'Reads from Redis: one command of those that change nothing.',
  params: {
    kind: 'fields',
    fields: {
      command: {
        kind: 'list',
        of: { kind: 'text', empty: true },
        least: 1,
        most: 1_000,
        required: true,
        description: 'The command and its arguments: [GET, "call:{{ vars.id }}"].',
      },
      url: {
        kind: 'text',
        description: "redis://HOST:PORT/DB; the inventory's redis where nothing is said.",
      },
      username: { kind: 'text', description: 'With url only.' },
      password: { kind: 'text', description: 'With url only, from a secret variable.' },
    },
  },
  short: 'command',
  result: {
    value: { type: 'any', description: 'What Redis answers: text, a number, a list, or null for nothing.' },
  },
  changes: () => 'nothing',
  timeout: 15_000,
  without: ['rerun', 'check', 'disruptive', 'cutsCalls'],
  check: ({ command }) => {
    const name =
      command !== undefined && command !== null && typeof command === 'object' && isJsonList(command)
        ? command[0]
        : '';
    return typeof name !== 'string' || name === '' || name.includes('{{') || isRedisRead(name)
      ? []
      : [
          {
            path: ['command', 0],
            text: 'This is not a command by which Redis only reads. docs/playbooks.md lists those.',
          },
        ];
  },
};

/** @param store what asks it */
export function runRedis(store: RedisPort): RunAction {
  return async (params, _node, around) => {
    const read = new Params(params, around.name);
    const command = read.words('command');
    if (!isRedisRead(command[0] ?? '')) throw read.wrong('command', 'is not one by which Redis only reads');
    const known = around.world.cluster.redis;
    const url = read.textOr('url', null);
    if (url === null && known === undefined)
      throw read.wrong('url', 'is missing, and the inventory has no redis', 'Give one of them.');
    // What the inventory has is for its own server: another one never gets its password.
    const login =
      url === null
        ? { url: known?.url ?? '', username: known?.username, password: known?.password?.reveal() }
        : { url, username: read.textOr('username', undefined), password: read.textOr('password', undefined) };
    const value = shownValue(
      await store.query({ ...login, command, timeout: timeLeft(around), maxBytes: MAX_BYTES }, around.signal),
    );
    if (value === undefined)
      throw read.wrong('command', 'gives more than a playbook can hold', 'Ask for a part.');
    const said = isJsonList(value ?? '')
      ? `${(value as readonly unknown[]).length} entries`
      : value === null
        ? 'nothing'
        : 'a value';
    return { ok: true, value, said };
  };
}
