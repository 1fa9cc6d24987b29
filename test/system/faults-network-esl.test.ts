/** The way to the node’s ESL in trouble. */
import { NETWORK_SUITES } from './harness/fault-kinds.ts';
import { testNetworkFaults } from './harness/fault-network-suite.ts';

testNetworkFaults(NETWORK_SUITES.esl);
