import { type Check, ok, readingOf, warning } from './check.ts';

/** Rows that a killed FreeSWITCH left behind: `show` lists calls, memory has none. They are not waited for. */
export const ghostRows: Check = {
  name: 'ghost-rows',
  purposes: ['drain', 'doctor'],
  forceable: false,
  judge: (input) => {
    const seen = readingOf(input);
    if (seen?.channels.known !== true || !seen.sessions.known) return [];
    const ghosts = seen.channels.value - seen.sessions.value;
    // A call may begin between the two readings: only a difference with no session at all is told from that.
    return ghosts > 0 && seen.sessions.value === 0
      ? [
          warning(
            `the core database lists ${ghosts} channels on ${input.node.name}, its memory none: ghost rows, not waited for`,
          ),
        ]
      : [ok(`the core database and the memory of ${input.node.name} agree`)];
  },
};
