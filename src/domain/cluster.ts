/** The cluster as its inventory describes it: what fsha is told, not what it sees. All durations are milliseconds. */
import type { Secret } from './secret.ts';

export interface Cluster {
  readonly name: string;
  /** Where the inventory was read, and the SHA-256 of its bytes (hex): a run records both. */
  readonly source: { readonly path: string; readonly sha256: string };
  readonly state: {
    readonly dir: string;
    /** The inventory does not say it: this user's own directory then. Absent: the inventory does. */
    readonly isDefault?: true;
    /** Settled runs beyond so many, or older than this, may be deleted. */
    readonly keepRuns: number;
    readonly keepAge: number;
  };
  readonly timeouts: Timeouts;
  readonly proxies: readonly Proxy[];
  readonly nodes: readonly Node[];
  readonly drain: DrainSettings;
  readonly verify: VerifySettings;
  readonly rolling: RollingSettings;
  readonly redis?: RedisSettings;
  readonly postgres?: PostgresSettings;
}

export interface Timeouts {
  /** From the first packet to logged in, per connection. */
  readonly connect: number;
  /** From a request to its whole answer. */
  readonly request: number;
  /** Between two signs of life on an idle connection; three missed end it. */
  readonly keepalive: number;
}

/** A Kamailio that can send calls to the nodes. */
export interface Proxy {
  readonly name: string;
  readonly rpc: RpcEndpoint;
  /** tm's fr_timer: how long an INVITE under way may still reach a node that is out. Cannot be read by RPC. */
  readonly frTimer: number;
  /** Its dispatcher list file, on its own host. */
  readonly list: string;
  /** Where its own calls come from, CIDR. */
  readonly networks: readonly string[];
  /** Where present, the RPC is reached through this host; the RPC URL is as seen from there. */
  readonly via?: SshTarget;
}

export interface RpcEndpoint {
  readonly url: string;
  readonly basic?: { readonly username: string; readonly password: Secret };
  /** A header of the user's choice that carries a token. */
  readonly token?: { readonly header: string; readonly value: Secret };
  /** Contents of the PEM files, already read. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: Secret };
}

/** A FreeSWITCH. Its name is its switchname. */
export interface Node {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly destinations: readonly Destination[];
  readonly esl: EslEndpoint;
  readonly ssh: SshTarget;
  readonly sip: SipSettings;
  readonly capacity: Capacity;
  readonly restart: RestartSettings;
}

/** One line of a dispatcher list, named by its URI, or by its duid where the URI stands there twice. */
export type Destination =
  | { readonly set: number; readonly uri: string; readonly duid?: undefined }
  | { readonly set: number; readonly duid: string; readonly uri?: undefined };

export interface EslEndpoint {
  /** As seen from this machine, or from the node itself where `via` is `ssh`. */
  readonly host: string;
  readonly port: number;
  readonly password: Secret;
  readonly via: 'direct' | 'ssh';
}

export interface SshTarget {
  readonly host: string;
  /** Left out: what the user's own ssh configuration says, else 22. */
  readonly port?: number;
  /** Left out: what the user's own ssh configuration says, else the name of the user who runs fsha. */
  readonly user?: string;
  /** Left out: what the user's own ssh configuration says, and the agent. */
  readonly identityFile?: string;
  readonly passphrase?: Secret;
  readonly knownHostsFile?: string;
  /** `[user@]host[:port]`, the first is reached from here, each next one through the one before. */
  readonly jump?: readonly string[];
}

export interface SipSettings {
  readonly profile: string;
  readonly ip?: string;
  readonly port: number;
  readonly extIp?: string;
  readonly rtp?: readonly [number, number];
}

export interface Capacity {
  readonly calls: number;
  /** A bridged call is two sessions. */
  readonly sessions: number;
  readonly callsPerSecond: number;
}

export interface RestartSettings {
  readonly command: string;
  /** From the command to a new core_uuid. */
  readonly timeout: number;
}

/** What to do when the deadline passes with calls still up. */
export type OnTimeout = 'restore' | 'hold' | 'hangup';
/** When the node's inbound side is paused: once it was seen empty, right after it is out, or never. */
export type FencePolicy = 'zero' | 'early' | 'none';

export interface DrainSettings {
  /** null: no deadline. */
  readonly timeout: number | null;
  readonly poll: number;
  readonly settle: number;
  readonly onTimeout: OnTimeout;
  readonly threshold: number;
  readonly fence: FencePolicy;
  readonly hangupCause: string;
  /** Regular expressions over destination numbers: calls that are never cut. */
  readonly protect: readonly string[];
  readonly protectTimeout: number | null;
  /** Regular expressions: calls that may be cut without being counted. */
  readonly expendable: readonly string[];
  readonly onHangup: 'continue' | 'restore';
  /** Run on this machine once the node is out; `timeout` in ms. */
  readonly onOut?: { readonly command: string; readonly timeout: number };
}

export interface VerifySettings {
  readonly timeout: number;
  readonly profiles: 'same' | 'none';
  readonly gateways: 'same' | 'none';
  /** Whether the node must answer a SIP OPTIONS request from this machine, where it did so before. */
  readonly options: boolean;
  /** A FreeSWITCH dial string that the node calls as a last test, for example `loopback/9196/public`; null for none. */
  readonly call: string | null;
  /** How long the node is watched as active on every proxy before the run is done. */
  readonly minSoak: number;
}

export interface RollingSettings {
  readonly maxUnavailable: number | `${number}%`;
  readonly maxFailures: number;
  readonly pause: number;
  readonly canary: number;
  /** A share of the survivors' capacity that has to stay free, 0 to 1. */
  readonly headroom: number;
  readonly order: 'inventory' | 'sessions';
  /** How a lost node's share spreads over the survivors: to one neighbour, or evenly. */
  readonly dispatch: 'next' | 'even';
}

export interface RedisSettings {
  readonly url: string;
  readonly username?: string;
  readonly password?: Secret;
  readonly keyPattern: string;
  readonly ttl: number;
}

export interface PostgresSettings {
  readonly dsn: Secret;
}

/** The node of that name, or undefined. */
export function findNode(cluster: Cluster, name: string): Node | undefined {
  return cluster.nodes.find((node) => node.name === name);
}
