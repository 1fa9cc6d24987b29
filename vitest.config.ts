import { defineConfig } from 'vitest/config';

const slow = { globalSetup: ['test/global-setup.ts'], hookTimeout: 60_000 };

export default defineConfig({
  test: {
    projects: [
      // Fast, and needs nothing but Node: the lab's stand-ins, spoof servers, tables.
      { test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/system/**', 'test/contract/**'], ...slow, testTimeout: 20_000 } },
      // Stand-ins against the transcripts of FreeSWITCH and against real Kamailio.
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...slow, testTimeout: 60_000 } },
      // Real Kamailio, OpenSSH, SIPp.
      { test: { name: 'system', include: ['test/system/**/*.test.ts'], exclude: ['test/system/**/*.load.test.ts'], ...slow, testTimeout: 180_000 } },
      // Calls at a rate: alone, one file after the other.
      { test: { name: 'load', include: ['test/system/**/*.load.test.ts'], ...slow, testTimeout: 300_000, fileParallelism: false } },
    ],
  },
});
