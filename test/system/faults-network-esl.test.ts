/** The way to the node's ESL in trouble. */
import { testNetworkFaults } from './harness/fault-network-suite.ts';

testNetworkFaults({ what: 'node-1’s ESL', ways: ['esl'] });
