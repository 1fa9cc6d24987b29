/** The way to a proxy's JSON-RPC in trouble. */
import { testNetworkFaults } from './harness/fault-network-suite.ts';

testNetworkFaults('lb-1’s RPC', 'lb-1');
