/**
 * Settings for tests of what goes wrong: every wait of fsha's is a second or a few, so that a drain with a restart takes
 * 5 to 7 s. What a cluster is given as settings goes over them.
 */
export const QUICK = {
  /** Keys of fsha.yaml. */
  settings: {
    // An SSH login alone takes seconds on a machine that is busy with other tests.
    timeouts: { connect: '8s', request: '1s', keepalive: '1s' },
    drain: { timeout: '2m', poll: '500ms', settle: '1s' },
    restart: { timeout: '8s' },
    verify: { timeout: '8s', minSoak: '1s' },
  },
  /** fr_timer as the inventory says it, of each proxy, and as Kamailio really has it. */
  frTimer: '1s',
  kamailio: { frTimer: 1_000 },
  node: { bootMs: 500 },
} as const;

/** Over QUICK, where not every silence is the question: an answer may take longer on a busy machine, too. */
export const SLOW_ANSWERS = { timeouts: { request: '3s' } } as const;
