import { type Check, mayRestart, ok, readingOf, refusal } from './check.ts';

/**
 * With the core DSN's PostgreSQL down FreeSWITCH does not start at all (its sources, 1.10.12): a restart would take
 * the node away for good.
 */
export const database: Check = {
  name: 'database',
  purposes: ['drain', 'doctor'],
  forceable: true,
  judge: (input) => {
    const seen = readingOf(input);
    if (seen === undefined || !mayRestart(input)) return [];
    if (seen.calls.known) return [ok(`the core database of ${input.node.name} answers`)];
    return [
      refusal(
        `the core database of ${input.node.name} does not answer: ${seen.calls.why}`,
        'FreeSWITCH would not come up again without it: mend the database first.',
      ),
    ];
  },
};
