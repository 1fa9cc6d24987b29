export interface RpcAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
}

/** POSTs a body as it is. @throws when no answer came within the time */
export async function postRpc(
  url: string,
  body: string,
  init: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly timeoutMs?: number;
  } = {},
): Promise<RpcAnswer> {
  const { method = 'POST', headers = {}, timeoutMs = 5_000 } = init;
  const answer = await fetch(url, {
    method,
    headers,
    ...(method === 'GET' ? {} : { body }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
}

export function callRpc(url: string, method: string, params?: unknown): Promise<RpcAnswer> {
  return postRpc(
    url,
    JSON.stringify({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }), id: 1 }),
  );
}

interface ListAnswer {
  readonly result?: {
    readonly RECORDS: readonly {
      readonly SET: { readonly ID: number; readonly TARGETS: readonly { readonly DEST: Target }[] };
    }[];
  };
}

interface Target {
  readonly URI: string;
  readonly FLAGS: string;
}

/** FLAGS by URI of one set, in the list's order. Empty where the set is not there. */
export async function flagsOf(url: string, set: number): Promise<[uri: string, flags: string][]> {
  const { body } = await callRpc(url, 'dispatcher.list');
  const { result } = JSON.parse(body) as ListAnswer;
  const record = result?.RECORDS.find(({ SET }) => SET.ID === set);
  return (record?.SET.TARGETS ?? []).map(({ DEST }) => [DEST.URI, DEST.FLAGS]);
}
