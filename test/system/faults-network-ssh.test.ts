/** The way to the sshd on the node's host in trouble. */
import { testNetworkFaults } from './harness/fault-network-suite.ts';

testNetworkFaults('SSH to node-1', 'ssh');
