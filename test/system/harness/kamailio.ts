import { startKamailio, type KamailioOptions, type RunningKamailio } from '../../support/real-kamailio.ts';

export interface RealProxy extends RunningKamailio {
  /** FLAGS by `set uri`, read from Kamailio itself, past everything of fsha. */
  list(): Promise<Readonly<Record<string, string>>>;
  /** `dispatcher.set_state`, as an operator would. */
  setState(state: string, set: number, uri: string): Promise<void>;
  /** `dispatcher.reload`: every state is rebuilt from the file. */
  reload(): Promise<void>;
}

interface ListAnswer {
  readonly RECORDS: readonly {
    readonly SET: {
      readonly ID: number;
      readonly TARGETS: readonly { readonly DEST: { readonly URI: string; readonly FLAGS: string } }[];
    };
  }[];
}

/**
 * A real Kamailio with round robin over set 1, OPTIONS probing of all destinations every second, failover after 503 or
 * 2 s of silence to a destination that is still active, and Record-Route for everything inside a call.
 */
export async function startProxy(options: KamailioOptions): Promise<RealProxy> {
  const kamailio = await startKamailio(options);

  async function call(method: string, params: readonly (string | number)[]): Promise<unknown> {
    const answer = await fetch(kamailio.rpcUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify({ jsonrpc: '2.0', method, params, id: 1 }),
      signal: AbortSignal.timeout(5_000),
    });
    const body = await answer.text();
    if (!answer.ok) throw new Error(`${method} on ${kamailio.rpcUrl}: ${answer.status} ${body}`);
    return (JSON.parse(body) as { readonly result: unknown }).result;
  }

  return Object.assign(kamailio, {
    async list() {
      const answer = (await call('dispatcher.list', [])) as ListAnswer;
      return Object.fromEntries(
        answer.RECORDS.flatMap(({ SET }) =>
          SET.TARGETS.map(({ DEST }) => [`${SET.ID} ${DEST.URI}`, DEST.FLAGS] as const),
        ),
      );
    },
    async setState(state: string, set: number, uri: string) {
      await call('dispatcher.set_state', [state, set, uri]);
    },
    async reload() {
      await call('dispatcher.reload', []);
    },
  });
}
