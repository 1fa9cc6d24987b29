/** The way to the sshd on the node’s host in trouble. */
import { NETWORK_SUITES } from './harness/fault-kinds.ts';
import { testNetworkFaults } from './harness/fault-network-suite.ts';

testNetworkFaults(NETWORK_SUITES.ssh);
