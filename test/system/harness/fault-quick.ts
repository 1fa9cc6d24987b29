/** Clusters for the suite of faults: hundreds of drains, so every wait is as short as it can be. */
import type { RealClusterOptions } from './real-cluster.ts';

/** As Kamailio has it and as the inventory says it: ms. */
const FR_TIMER = 500;

const SETTINGS = {
  timeouts: { connect: '5s', request: '2s', keepalive: '1s' },
  proxies: { 'lb-1': { frTimer: `${FR_TIMER}ms` }, 'lb-2': { frTimer: `${FR_TIMER}ms` } },
  drain: { timeout: '60s', poll: '200ms', settle: '300ms' },
  restart: { timeout: '6s' },
  verify: { timeout: '10s', minSoak: '300ms' },
} as const;

export const FOR_FAULTS = {
  via: 'direct',
  jump: false,
  quick: true,
  settings: SETTINGS,
  kamailio: [{ frTimer: FR_TIMER }, { frTimer: FR_TIMER }],
  node: { bootMs: 150, stopMs: 50, gateways: [{ name: 'trunk-a', state: 'REGED', registersAfterMs: 100 }] },
} as const satisfies RealClusterOptions;

/** Each time the command runs it leaves a line in `$HOOK_FILE`. */
export const ON_OUT = { drain: { onOut: { command: 'echo ran >> "${HOOK_FILE:-/dev/null}"' } } } as const;
