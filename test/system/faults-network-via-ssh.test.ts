/** SSH in trouble that carries ESL to the node, or JSON-RPC to a proxy. */
import { describe } from 'vitest';
import { NETWORK_SUITES } from './harness/fault-kinds.ts';
import { testNetworkFaults } from './harness/fault-network-suite.ts';

describe('to the node', () => {
  testNetworkFaults(NETWORK_SUITES.eslInSsh);
});

describe('to a proxy', () => {
  testNetworkFaults(NETWORK_SUITES.rpcInSsh);
});
