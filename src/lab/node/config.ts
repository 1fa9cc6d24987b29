export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface GatewayConfig {
  readonly name: string;
  /** As `sofia status gateway` prints it: REGED, TRYING, FAIL_WAIT, UNREGED, NOREG. */
  readonly state: string;
  readonly username: string;
  /** host:port that it registers at. */
  readonly proxy: string;
  readonly realm: string;
  readonly expires: number;
  /** Seconds until the next try of one that is not registered; 0 prints NEVER. */
  readonly retrySeconds: number;
  /** A REGED gateway says TRYING for so long after the start. */
  readonly registersAfterMs: number;
}

/** What the stand-in node is started with. Times are milliseconds. */
export interface NodeConfig {
  readonly name: string;
  readonly hostname: string;
  readonly switchname: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly sip: Endpoint;
  readonly esl: Endpoint & { readonly password: string; readonly acl: readonly string[] };
  readonly control: Endpoint;
  readonly sessionLimit: number;
  readonly sessionsPerSecond: number;
  /** SIP answers 503 for so long before ESL listens. */
  readonly bootMs: number;
  /** From the farewell to the calls until the process ends. */
  readonly stopMs: number;
  /** From 180 to 200; 0 answers at once and without a 180. */
  readonly ringMs: number;
  /** Calls are ended by the node after a time in this range; without it the caller ends them. */
  readonly hangupAfterMs: readonly [number, number] | undefined;
  readonly heartbeatMs: number;
  readonly profiles: readonly string[];
  readonly gateways: readonly GatewayConfig[];
  /** What survives a restart. Without it registrations live in memory only. */
  readonly stateFile: string | undefined;
  /** State files of other nodes on the same "database": their registrations are listed too. */
  readonly sharedStateFiles: readonly string[];
  readonly inviteLog: string | undefined;
  /** The process ends when its standard input does, so that nothing outlives the test that started it. */
  readonly endWithStdin: boolean;
}

/** What has no default. */
export interface NodeConfigInput extends Partial<
  Omit<
    NodeConfig,
    'name' | 'sip' | 'esl' | 'control' | 'gateways' | 'stateFile' | 'inviteLog' | 'hangupAfterMs'
  >
> {
  readonly name: string;
  readonly sip: Endpoint;
  readonly esl: Endpoint & { readonly password: string; readonly acl?: readonly string[] };
  readonly control: Endpoint;
  readonly gateways?: readonly (Pick<GatewayConfig, 'name' | 'state'> & Partial<GatewayConfig>)[];
  readonly stateFile?: string;
  readonly inviteLog?: string;
  readonly hangupAfterMs?: readonly [number, number];
}

/**
 * Fills in the defaults.
 * @throws when a part without a default is missing
 */
export function nodeConfig(input: NodeConfigInput): NodeConfig {
  for (const part of ['name', 'sip', 'esl', 'control'] as const) {
    if ((input as Partial<NodeConfigInput>)[part] === undefined)
      throw new Error(`the configuration has no ${part}`);
  }
  return {
    hostname: 'vm',
    switchname: input.name,
    ipv4: input.sip.host,
    ipv6: '::1',
    sessionLimit: 1000,
    sessionsPerSecond: 200,
    bootMs: 1500,
    stopMs: 200,
    ringMs: 0,
    heartbeatMs: 20_000,
    profiles: ['external'],
    sharedStateFiles: [],
    endWithStdin: false,
    stateFile: undefined,
    inviteLog: undefined,
    hangupAfterMs: undefined,
    ...input,
    esl: { acl: ['127.0.0.0/8'], ...input.esl },
    gateways: (input.gateways ?? []).map((gateway) => ({
      username: 'u',
      proxy: `${input.sip.host}:5060`,
      realm: gateway.proxy ?? `${input.sip.host}:5060`,
      expires: 3600,
      retrySeconds: 3,
      registersAfterMs: 0,
      ...gateway,
    })),
  };
}
