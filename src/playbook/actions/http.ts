import { nestsDeeperThan } from '../../domain/json-nesting.ts';
import type { JsonValue } from '../../domain/playbook/json.ts';
import { shownText, shownValue } from '../../domain/playbook/shown-text.ts';
import type { RunAction } from '../../workflow/action-port.ts';
import type { HttpPort, HttpReply } from '../../workflow/outside-ports.ts';
import type { Action } from '../action.ts';
import { Params, timeLeft, withoutSecret } from './read-params.ts';

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const READS: readonly unknown[] = [undefined, 'GET', 'HEAD', 'OPTIONS'];
const MAX_BYTES = 1024 * 1024;
const MOST_LEVELS = 32;

export const http: Action = {
  name: 'http',
  summary: 'Sends one HTTP request from this machine.',
  params: {
    kind: 'fields',
    fields: {
      url: {
        kind: 'text',
        expected: 'an http or https URL',
        required: true,
        description: 'Must hold no secret: it is in logs on the way.',
      },
      method: { kind: 'choice', choices: METHODS, default: 'GET', description: 'GET where nothing is said.' },
      headers: { kind: 'map', of: { kind: 'text', empty: true }, description: 'May hold secrets.' },
      body: { kind: 'text', lines: true, empty: true, description: 'What is sent. May hold secrets.' },
      json: { kind: 'any', description: 'Sent as JSON, in place of body.' },
      status: {
        kind: 'either',
        of: [
          { kind: 'integer', minimum: 100, maximum: 599 },
          { kind: 'list', of: { kind: 'integer', minimum: 100, maximum: 599 }, least: 1 },
        ],
        description: 'The status codes that are success; any from 200 to 299 where nothing is said.',
      },
      redirects: {
        kind: 'integer',
        minimum: 0,
        maximum: 5,
        default: 0,
        description: 'How many redirects are followed, within one origin only.',
      },
    },
  },
  short: 'url',
  result: {
    status: { type: 'integer', description: 'The status code.' },
    headers: { type: 'any', description: 'By name, in lower case; without cookies.' },
    body: {
      type: 'string',
      description: 'The body as text, 64 KiB at most. One longer than 1 MiB is an error.',
    },
    json: { type: 'any', description: 'The body where it is JSON, else null.' },
  },
  changes: ({ method }) => (READS.includes(method) ? 'nothing' : 'node'),
  timeout: 30_000,
  check: ({ body, json }) =>
    body !== undefined && json !== undefined
      ? [{ path: ['json'], text: 'Give body or json, not both.' }]
      : [],
};

/** @param client what sends it */
export function runHttp(client: HttpPort): RunAction {
  return async (params, _node, around) => {
    const read = new Params(params, around.name);
    const url = withoutSecret(read.text('url'), around.mask, () =>
      read.wrong(
        'url',
        'has a secret in it, and a URL is in logs on its way',
        'Send it by headers, body or json.',
      ),
    );
    const method = METHODS.find((one) => one === read.textOr('method', 'GET'));
    if (method === undefined) throw read.wrong('method', `is none of ${METHODS.join(', ')}`);
    const json = read.value('json');
    const headers = read.texts('headers');
    const reply = await client.request(
      {
        url,
        method,
        headers: json === undefined ? headers : { 'Content-Type': 'application/json', ...headers },
        body: json === undefined ? read.textOr('body', null) : JSON.stringify(json),
        redirects: read.integerOr('redirects', 0, 0, 5),
        timeout: timeLeft(around),
        maxBytes: MAX_BYTES,
      },
      around.signal,
    );
    const ok = read.has('status')
      ? read.integers('status', []).includes(reply.status)
      : reply.status >= 200 && reply.status < 300;
    return {
      ok,
      status: reply.status,
      headers: shownValue(reply.headers) ?? {},
      body: shownText(reply.body),
      json: jsonOf(reply),
      said: `HTTP ${reply.status}`,
    };
  };
}

function jsonOf({ headers, body }: HttpReply): JsonValue {
  if (!/[/+]json\b/.test(headers['content-type'] ?? '') || nestsDeeperThan(MOST_LEVELS, body)) return null;
  try {
    return shownValue(JSON.parse(body) as unknown) ?? null;
  } catch {
    return null;
  }
}
