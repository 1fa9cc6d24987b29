/** Every way at once: the machine of fsha has lost its network. */
import { testNetworkFaults } from './harness/fault-network-suite.ts';

testNetworkFaults({
  what: 'Every way',
  ways: ['lb-1', 'lb-2', 'esl', 'ssh'],
  kinds: ['cut', 'half-open'],
});
