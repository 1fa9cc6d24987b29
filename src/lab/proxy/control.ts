/**
 * The control port's language: one JSON object a line, each key one command, several in an object carried out in order.
 * `{"silent":true}`, `{"refuse":true}`, `{"lie":true}`, `{"truncate":true}`, `{"emptyResult":true}` and `false` to
 * end them; `{"slow":500}`; `{"only":["dispatcher.set_state"]}` limits these faults to methods, null to none;
 * `{"pingsOff":true}`; `{"reload":true}`; `{"restart":true}`; `{"markDst":{"set":1,"uri":"…","state":"ip"}}`.
 * All answer `{"ok":true}`. `{"stats":true}` answers with a ProxyActivity.
 */
import type { ActivityLog } from './activity-log.ts';
import { stateFromArgument } from './dispatcher-state-machine.ts';
import type { DispatcherTable } from './dispatcher-table.ts';
import type { RpcFaults } from './faults.ts';
import type { RpcServer } from './rpc-server.ts';

export interface Controlled {
  readonly table: DispatcherTable;
  readonly faults: RpcFaults;
  readonly rpc: RpcServer;
  readonly log: ActivityLog;
  setPingsOff(off: boolean): void;
  restart(): void;
}

/** @throws Error for a command that does not exist or makes no sense */
export async function carryOut(controlled: Controlled, line: string): Promise<unknown> {
  const commands: unknown = JSON.parse(line);
  if (typeof commands !== 'object' || commands === null) throw new Error('a command is a JSON object');
  let answer: unknown = { ok: true };
  for (const [name, argument] of Object.entries(commands)) {
    const command = COMMANDS[name];
    if (command === undefined) throw new Error(`no command ${name}`);
    answer = (await command(controlled, argument)) ?? answer;
  }
  return answer;
}

type Command = (controlled: Controlled, argument: unknown) => unknown;

const flag =
  (name: 'silent' | 'lie' | 'truncate' | 'emptyResult'): Command =>
  ({ faults }, on) => {
    faults[name] = on === true;
  };

const COMMANDS: Readonly<Record<string, Command | undefined>> = {
  silent: flag('silent'),
  lie: flag('lie'),
  truncate: flag('truncate'),
  emptyResult: flag('emptyResult'),
  refuse: async ({ faults, rpc }, on) => {
    faults.refuse = on === true;
    await (faults.refuse ? rpc.close() : rpc.listen());
  },
  slow: ({ faults }, milliseconds) => {
    faults.slow = typeof milliseconds === 'number' ? milliseconds : 0;
  },
  only: ({ faults }, methods) => {
    faults.only = Array.isArray(methods) ? methods.map(String) : null;
  },
  pingsOff: (controlled, off) => controlled.setPingsOff(off === true),
  reload: ({ table }) => table.rebuild(),
  restart: (controlled) => controlled.restart(),
  markDst: ({ table }, argument) => {
    const { set, uri, state } = argument as { set?: unknown; uri?: unknown; state?: unknown };
    const wanted = typeof state === 'string' ? stateFromArgument(state) : undefined;
    if (typeof set !== 'number' || typeof uri !== 'string' || wanted === undefined) {
      throw new Error('markDst needs set, uri and state');
    }
    if (!table.mark(set, uri, wanted)) throw new Error(`no ${uri} in set ${set}`);
  },
  stats: ({ log }) => log.read(),
};
