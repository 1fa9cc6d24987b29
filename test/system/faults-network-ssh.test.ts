/** The way to the sshd on the node's host in trouble. */
import { testNetworkFaults } from './harness/fault-network-suite.ts';

testNetworkFaults({ what: 'SSH to node-1', ways: ['ssh'] });
