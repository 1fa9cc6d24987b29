/** The way to the node's ESL in trouble. */
import { testNetworkFaults } from './harness/fault-network-suite.ts';

testNetworkFaults('node-1’s ESL', 'esl');
