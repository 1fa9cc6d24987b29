import { nestsDeeperThan } from '../domain/json-nesting.ts';
import type { Endpoint } from './endpoint.ts';
import { denied, wrongAnswer } from './rpc-errors.ts';

/** What came over HTTP, the body whole. */
export interface HttpAnswer {
  readonly status: number;
  /** WWW-Authenticate, or empty. */
  readonly challenge: string;
  readonly body: string;
}

/** What Kamailio said: a result, or an error of its own. */
export type RpcAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: number; readonly message: string };

const PATH_HINT =
  'Check the path of the rpc URL: Kamailio answers JSON-RPC only where event_route[xhttp:request] calls jsonrpc_dispatch().';

/**
 * Reads one JSON-RPC 2.0 answer strictly. Kamailio sends its errors with HTTP 500, and some configurations a parse error
 * with HTTP 400 and no id; a result counts only with HTTP 200 and the id of the request (measured on 5.6.3).
 * @throws FshaError `rpc.auth` or `protocol`
 */
export function readAnswer(endpoint: Endpoint, method: string, id: number, http: HttpAnswer): RpcAnswer {
  const { status, body } = http;
  if (status === 401 || status === 403 || status === 407) throw denied(endpoint, status, http.challenge);
  if (status >= 300 && status < 400)
    throw wrongAnswer(endpoint, method, `is a redirect (HTTP ${status})`, PATH_HINT);
  const answer = parsed(body);
  if (answer === undefined)
    throw wrongAnswer(endpoint, method, `is not JSON (HTTP ${status}, ${kindOf(body)})`, PATH_HINT);
  if (!isRecord(answer) || answer['jsonrpc'] !== '2.0') {
    throw wrongAnswer(endpoint, method, `is not JSON-RPC 2.0 (HTTP ${status})`, PATH_HINT);
  }
  if (isRecord(answer['error'])) return readError(endpoint, method, id, answer['id'], answer['error']);
  if (answer['id'] !== id) {
    throw wrongAnswer(
      endpoint,
      method,
      'belongs to another request',
      'Check what stands between fsha and Kamailio.',
    );
  }
  if (status !== 200 || !('result' in answer)) {
    throw wrongAnswer(endpoint, method, `has no result (HTTP ${status})`, PATH_HINT);
  }
  return { ok: true, result: answer['result'] };
}

function readError(
  endpoint: Endpoint,
  method: string,
  id: number,
  answered: unknown,
  error: Record<string, unknown>,
): RpcAnswer {
  // An error that could not be tied to a request has no id (JSON-RPC 2.0, section 5).
  if (answered !== id && answered !== null && answered !== undefined) {
    throw wrongAnswer(
      endpoint,
      method,
      'belongs to another request',
      'Check what stands between fsha and Kamailio.',
    );
  }
  const { code, message } = error;
  if (typeof code !== 'number' || typeof message !== 'string') {
    throw wrongAnswer(endpoint, method, 'is an error without code or message', 'See the log of Kamailio.');
  }
  return { ok: false, code, message };
}

/** The deepest answer of Kamailio, the dispatcher list, has 9. */
const MOST_LEVELS = 64;

/** Undefined where the body is not JSON, or nested beyond reason. */
function parsed(body: string): unknown {
  if (nestsDeeperThan(MOST_LEVELS, body)) return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

/** In words, so that nothing of a foreign page gets into a message. */
function kindOf(body: string): string {
  if (body.trim() === '') return 'empty';
  if (/^\s*</.test(body)) return 'a web page';
  if (nestsDeeperThan(MOST_LEVELS, body)) return 'JSON that is nested too deeply';
  return /^\s*[[{]/.test(body) ? 'cut or broken JSON' : 'text';
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
