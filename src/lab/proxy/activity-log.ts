/** What a proxy did, for tests to ask about. */

export interface ForwardedInvite {
  readonly uri: string;
  readonly callId: string;
  /** Wall clock, ms since 1970. */
  readonly at: number;
}

export interface SeenCall {
  readonly method: string;
  readonly parameters: readonly unknown[];
  /** Wall clock, ms since 1970. */
  readonly at: number;
}

/** The answer to `{"stats":true}`. */
export interface ProxyActivity {
  /** Every INVITE sent to a destination, failovers included, retransmissions not. */
  readonly invites: readonly ForwardedInvite[];
  /** set_state, set_duid_state, reload, add, remove as they were asked, whatever became of them. */
  readonly writes: readonly SeenCall[];
  /** How often each of the other commands was asked. */
  readonly reads: Readonly<Record<string, number>>;
}

const WRITES = new Set([
  'dispatcher.set_state',
  'dispatcher.set_duid_state',
  'dispatcher.reload',
  'dispatcher.add',
  'dispatcher.remove',
  'dispatcher.ping_active',
]);

/** The oldest entries go first when a long run has filled it. */
const LONGEST = 100_000;

export interface ActivityLog {
  invite(uri: string, callId: string): void;
  call(method: string, parameters: readonly unknown[]): void;
  read(): ProxyActivity;
}

export function createActivityLog(): ActivityLog {
  const invites: ForwardedInvite[] = [];
  const writes: SeenCall[] = [];
  const reads = new Map<string, number>();
  function keep<T>(entries: T[], entry: T): void {
    entries.push(entry);
    if (entries.length > LONGEST) entries.splice(0, LONGEST / 10);
  }
  return {
    invite: (uri, callId) => keep(invites, { uri, callId, at: Date.now() }),
    call(method, parameters) {
      if (WRITES.has(method)) keep(writes, { method, parameters, at: Date.now() });
      else reads.set(method, (reads.get(method) ?? 0) + 1);
    },
    read: () => ({ invites, writes, reads: Object.fromEntries(reads) }),
  };
}
