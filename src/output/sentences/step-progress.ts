import type { ProgressReading } from '../../domain/run-events.ts';
import { printable } from '../../domain/text.ts';
import { counted } from '../count-words.ts';
import { said, type Sentence, subject } from './sentence.ts';

const DECISIONS: Readonly<Record<string, string>> = {
  wait: 'waiting',
  drained: 'drained',
  expired: 'the deadline has passed',
  regressed: 'not out any more',
  blind: 'cannot see, waiting',
};

export const stepProgress: Sentence<'step.progress'> = {
  level: ({ data }) => (data.observation.sessions === null || data.decision === 'blind' ? 'warning' : 'info'),
  say: (event) => {
    const { observation, decision } = event.data;
    const reasons = observation.why.map(said).filter((why) => !isCountAgain(why));
    const unknown =
      observation.sessions === null ? reasons.find((why) => why.startsWith(UNKNOWN)) : undefined;
    const rest = [...reasons.filter((why) => why !== unknown), ...besides(observation)];
    return `${subject(event)}${unknown ?? sessionsText(observation)}, ${decisionText(decision)}${
      rest.length === 0 ? '' : `: ${rest.join('; ')}`
    }`;
  },
};

const UNKNOWN = 'sessions unknown: ';

function sessionsText({ sessions, calls }: ProgressReading): string {
  if (sessions === null) return 'sessions unknown';
  // Sessions without any row: the core database does not say what calls they are.
  const inBrackets =
    calls === null || (calls === 0 && sessions > 0) ? 'calls unknown' : counted(calls, 'call');
  return `${counted(sessions, 'session')} (${inBrackets})`;
}

/** So many sources of calls are named. */
const NAMED = 5;

/** What should not be there, and is: shown, not counted. */
function besides({ ghostRows = 0, arrivals = [], originated = 0 }: ProgressReading): readonly string[] {
  const sources = [...arrivals].sort((a, b) => b.calls - a.calls);
  const named = sources.slice(0, NAMED).map(({ from, calls }) => `${printable(from, 80)} (${calls})`);
  const more = sources.length - named.length;
  return [
    ...(ghostRows === 0
      ? []
      : [
          ghostRows === 1
            ? '1 row of a call that is gone is not waited for'
            : `${ghostRows} rows of calls that are gone are not waited for`,
        ]),
    ...(named.length === 0
      ? []
      : [`calls still arriving from ${named.join(', ')}${more === 0 ? '' : ` and ${more} more`}`]),
    ...(originated === 0 ? [] : [`${originated} began on the node itself`]),
  ];
}

function decisionText(decision: string): string {
  return Object.hasOwn(DECISIONS, decision) ? (DECISIONS[decision] ?? '') : printable(decision);
}

/** The reason that only repeats the count. */
function isCountAgain(why: string): boolean {
  return /^\d+ sessions? still up$/.test(why);
}
