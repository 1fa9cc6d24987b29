import { errorInfo, FshaError, type ErrorInfo } from '../../domain/errors.ts';
import { type JsonObject, jsonObject } from '../../domain/playbook/json.ts';
import { shownText, shownValue } from '../../domain/playbook/shown-text.ts';
import { printable } from '../../domain/text.ts';
import type { ActionAround, RunAction } from '../../workflow/action-port.ts';
import type { Action } from '../action.ts';
import { Params, timeLeft } from './read-params.ts';

/** Methods by whose name it is plain that they only read. */
const READS =
  /^(?:core\.(?:version|uptime|ps|info|psx|tcp_info|modules|flags|sockets_list)|[a-z_]+\.(?:list|dump|get_statistics|fetch|fetchn|status))$/;

export const rpc: Action = {
  name: 'rpc',
  summary: 'Calls one JSON-RPC method on every proxy, or on those that are named.',
  params: {
    kind: 'fields',
    fields: {
      method: {
        kind: 'text',
        expected: 'a method such as dispatcher.reload',
        required: true,
        description: 'It is sent once to each proxy.',
      },
      params: {
        kind: 'list',
        of: { kind: 'any' },
        description: 'Its parameters, in order; a set is a number.',
      },
      on: {
        kind: 'either',
        of: [
          { kind: 'text', expected: 'the name of a proxy' },
          { kind: 'list', of: { kind: 'text', expected: 'the name of a proxy' }, least: 1 },
        ],
        description: 'The proxies; all of the inventory where nothing is said.',
      },
    },
  },
  short: 'method',
  result: {
    proxies: {
      type: 'any',
      description:
        'By the name of the proxy: ok, and result, or code and error. Accepted is not done: read it back.',
    },
  },
  changes: ({ method }) => (typeof method === 'string' && READS.test(method) ? 'nothing' : 'node'),
  timeout: 30_000,
};

export const runRpc: RunAction = async (params, _node, around) => {
  const read = new Params(params, around.name);
  const method = read.text('method');
  if (!/^[\w.-]{1,100}$/.test(method)) throw read.wrong('method', 'is no name of a method');
  const names = read.has('on') ? [...new Set(read.words('on'))] : [...around.world.proxies.keys()];
  const strange = names.find((name) => !around.world.proxies.has(name));
  if (strange !== undefined)
    throw read.wrong('on', `names "${printable(strange, 60)}", which is no proxy of the inventory`);
  const ends = await Promise.all(names.map((name) => askOne(name, method, read.list('params'), around)));
  const unknown = ends.flatMap(({ trouble }) => (trouble === null || notBegun(trouble) ? [] : [trouble]));
  const [first] = unknown;
  if (first !== undefined)
    throw new FshaError(first.code, unknown.map(({ message }) => message).join('; '), first.hint);
  const failed = ends.filter(({ value }) => value['ok'] !== true);
  const said = failed.map(({ name, error }) => `${name}: ${error}`).join('; ');
  return {
    ok: failed.length === 0,
    proxies: jsonObject(ends.map(({ name, value }) => [name, value] as const)),
    said: failed.length === 0 ? `${method} on ${names.join(', ')}` : said,
  };
};

interface End {
  readonly name: string;
  readonly value: JsonObject;
  /** Why it failed; empty where it did not. */
  readonly error: string;
  /** No answer of the proxy's came. */
  readonly trouble: ErrorInfo | null;
}

async function askOne(
  name: string,
  method: string,
  parameters: readonly unknown[],
  around: ActionAround,
): Promise<End> {
  const proxy = around.world.proxies.get(name);
  if (proxy === undefined) throw new FshaError('bug', `nothing was composed for ${name}`);
  try {
    const reply = await proxy.ask(method, parameters, timeLeft(around), around.signal);
    if (!reply.ok) {
      const error = shownText(reply.message, 1_000);
      return { name, value: { ok: false, code: reply.code, error }, error, trouble: null };
    }
    const result = shownValue(reply.result);
    // What was too long to be a value was carried out all the same.
    return {
      name,
      value: result === undefined ? { ok: true, tooLong: true } : { ok: true, result },
      error: '',
      trouble: null,
    };
  } catch (error) {
    if (!(error instanceof FshaError)) throw error;
    const trouble = errorInfo(error);
    return { name, value: { ok: false, error: trouble.message }, error: trouble.message, trouble };
  }
}

/** Whether the proxy was not reached, so that nothing can have come of it. */
function notBegun({ code }: ErrorInfo): boolean {
  return (
    code.startsWith('connect.') ||
    code.startsWith('ssh.') ||
    code === 'rpc.auth' ||
    code === 'inventory' ||
    code === 'secret'
  );
}
