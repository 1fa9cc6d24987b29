/** The way to a proxy's JSON-RPC in trouble. */
import { testNetworkFaults } from './harness/fault-network-suite.ts';

testNetworkFaults({ what: 'lb-1’s RPC', ways: ['lb-1'] });
