import type { GatewayConfig } from '../config.ts';
import type { Core } from '../core.ts';

export interface Gateway extends GatewayConfig {
  /** `58s`, `NEVER`, or absent where FreeSWITCH prints no retry. */
  readonly retry: string | undefined;
  readonly up: boolean;
  /** Microseconds since it is up. */
  readonly upFor: number;
}

const RETRIED = ['TRYING', 'FAILED', 'FAIL_WAIT'];

/** The gateways as they stand now. */
export function gateways(core: Core): Gateway[] {
  if (core.faults.is('noProfile')) return [];
  return core.config.gateways.map((gateway) => {
    const state = stateNow(core, gateway);
    const up = state === 'REGED' || state === 'NOREG';
    const next = gateway.retrySeconds === 0 ? 'NEVER' : `${gateway.retrySeconds}s`;
    return {
      ...gateway,
      state,
      retry: RETRIED.includes(state) ? next : undefined,
      up,
      upFor: up ? core.uptime - gateway.registersAfterMs * 1000 : 0,
    };
  });
}

function stateNow(core: Core, gateway: GatewayConfig): string {
  const fault = core.faults.value('noGateway');
  if (gateway.state !== 'REGED') return gateway.state;
  if (fault === true || fault === gateway.name) return 'FAIL_WAIT';
  return core.uptime < gateway.registersAfterMs * 1000 ? 'TRYING' : 'REGED';
}
