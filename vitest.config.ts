import { defineConfig } from 'vitest/config';

const bundled = { globalSetup: ['test/global-setup.ts'], hookTimeout: 60_000 };

export default defineConfig({
  test: {
    // Most tests wait for something: on two cores two files at a time are no slower each.
    maxWorkers: 2,
    projects: [
      // Tables and spoof servers; needs nothing but Node.
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{fuzz,lab,contract,system}/**'],
          testTimeout: 20_000,
        },
      },
      // Whatever reads what others wrote, with input made at random; needs nothing but Node.
      {
        test: {
          name: 'fuzz',
          include: ['test/fuzz/**/*.test.ts'],
          globalSetup: ['test/fuzz/support/seed.ts'],
          // For the usual number of runs, and as much longer as there are more.
          testTimeout: 60_000 * Math.max(1, Number(process.env['FSHA_FUZZ_RUNS'] ?? 100) / 100),
        },
      },
      // fsha and the lab's stand-ins as processes; needs nothing but Node.
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          exclude: ['test/lab/cli-*.test.ts'],
          ...bundled,
          testTimeout: 60_000,
        },
      },
      // Whole runs of the commands on the lab: minutes, since drains wait.
      { test: { name: 'runs', include: ['test/lab/cli-*.test.ts'], ...bundled, testTimeout: 60_000 } },
      // Stand-ins against the transcripts of FreeSWITCH and against real Kamailio.
      {
        test: { name: 'contract', include: ['test/contract/**/*.test.ts'], ...bundled, testTimeout: 90_000 },
      },
      // Real Kamailio, OpenSSH, SIPp.
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          exclude: ['test/system/**/*.load.test.ts', 'test/system/{trouble,faults}-*.test.ts'],
          ...bundled,
          testTimeout: 180_000,
        },
      },
      // Drains in trouble, on the same servers. They wait far more than they work: three files at a time.
      {
        test: {
          name: 'trouble',
          include: ['test/system/trouble-*.test.ts'],
          ...bundled,
          testTimeout: 180_000,
          maxWorkers: 3,
        },
      },
      // Killed, cut off, out of disk, in every step of a drain, on the same servers; they wait as long as those above.
      {
        test: {
          name: 'faults',
          include: ['test/system/faults-*.test.ts'],
          globalSetup: ['test/global-setup.ts', 'test/system/harness/fault-setup.ts'],
          hookTimeout: 60_000,
          testTimeout: 120_000,
          maxWorkers: 4,
        },
      },
      // By hand, on a quiet machine: never part of a test run.
      {
        test: {
          name: 'bench',
          include: ['test/bench/**/*.bench.ts'],
          ...bundled,
          fileParallelism: false,
          hookTimeout: 60_000,
        },
      },
      // Calls at a rate: alone, one file after the other.
      {
        test: {
          name: 'load',
          include: ['test/system/**/*.load.test.ts'],
          ...bundled,
          testTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
