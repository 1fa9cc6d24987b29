/** The way to a proxy’s JSON-RPC in trouble. */
import { NETWORK_SUITES } from './harness/fault-kinds.ts';
import { testNetworkFaults } from './harness/fault-network-suite.ts';

testNetworkFaults(NETWORK_SUITES.rpc);
