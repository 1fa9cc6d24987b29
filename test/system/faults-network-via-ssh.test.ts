/** SSH in trouble that carries ESL to the node, or JSON-RPC to a proxy. */
import { describe } from 'vitest';
import { testNetworkFaults } from './harness/fault-network-suite.ts';

// What comes late or in pieces goes through SSH as it does by itself, and what is damaged cuts it.
const kinds = ['cut', 'half-open'] as const;

describe('to the node', () => {
  testNetworkFaults({ what: 'SSH to node-1 with ESL in it', ways: ['esl'], via: 'ssh', kinds });
});

describe('to a proxy', () => {
  testNetworkFaults({ what: 'SSH to lb-1 with its RPC in it', ways: ['lb-1'], via: 'ssh', kinds });
});
