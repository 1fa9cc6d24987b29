/** What a stand-in proxy is started with: one JSON file, the only argument of the process. */
import { readFile } from 'node:fs/promises';
import type { ProbingMode } from './dispatcher-state-machine.ts';

/** The Kamailio whose answers it gives; they differ in small things. */
export type KamailioVersion = '5.5.0' | '5.6.3' | '6.1.4';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** One line of dispatcher.list. */
export interface ConfiguredDestination {
  readonly set: number;
  readonly uri: string;
  /** 1 inactive, 2 trying, 4 disabled, 8 probing, 16 no pings (6.x); default 0. */
  readonly flags?: number;
  readonly priority?: number;
  /** Put in front of the attributes as `duid=…`. */
  readonly duid?: string;
  /** As they stand in the file: `weight=50;maxload=10`. */
  readonly attrs?: string;
}

export interface ProxyConfig {
  readonly name: string;
  readonly rpc: ListenAddress & { readonly basic?: { readonly username: string; readonly password: string } };
  readonly sip: ListenAddress;
  readonly control: ListenAddress;
  readonly destinations: readonly ConfiguredDestination[];
  readonly pingIntervalMs: number;
  /** How long a ping, or an INVITE without a provisional answer, waits: tm's fr_timer. */
  readonly frTimerMs: number;
  readonly probingMode: ProbingMode;
  readonly probingThreshold: number;
  readonly inactiveThreshold: number;
  readonly version: KamailioVersion;
}

/** As written: everything but the addresses and the list has a default. */
export type ProxyConfigInput = Pick<ProxyConfig, 'rpc' | 'sip' | 'control' | 'destinations'> &
  Partial<ProxyConfig>;

const DEFAULTS = {
  name: 'proxy',
  pingIntervalMs: 1_000,
  frTimerMs: 2_000,
  probingMode: 1,
  probingThreshold: 2,
  inactiveThreshold: 1,
  version: '5.6.3',
} as const satisfies Partial<ProxyConfig>;

/** @throws Error that names the file or the key at fault */
export async function readProxyConfig(path: string): Promise<ProxyConfig> {
  const read: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (typeof read !== 'object' || read === null) throw new Error(`${path} does not hold a JSON object.`);
  for (const key of ['rpc', 'sip', 'control', 'destinations']) {
    if (!(key in read)) throw new Error(`${path} has no ${key}.`);
  }
  return withDefaults(read as ProxyConfigInput);
}

export function withDefaults(input: ProxyConfigInput): ProxyConfig {
  return { ...DEFAULTS, ...input };
}
