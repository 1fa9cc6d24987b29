/** Every way at once: the machine of fsha has lost its network, or has a bad one. */
import { NETWORK_SUITES } from './harness/fault-kinds.ts';
import { testNetworkFaults } from './harness/fault-network-suite.ts';

testNetworkFaults(NETWORK_SUITES.all);
