/** What each exit code of a run means. */
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';

const MEANING: Readonly<Record<ExitCode, string>> = {
  [EXIT.done]: 'done, or already so',
  [EXIT.bug]: 'a bug in fsha',
  [EXIT.usage]: 'usage, inventory or playbook invalid; nothing changed',
  [EXIT.refused]: 'refused by a check, or a question nobody answered; nothing changed',
  [EXIT.locked]: 'locked by another run; nothing changed',
  [EXIT.expiredRestored]: 'drain timed out; given back as found',
  [EXIT.expiredHeld]: 'drain timed out or held; node out of service',
  [EXIT.restartFailed]: 'restart failed; node out of service',
  [EXIT.unhealthy]: 'health not reached, or a proxy never showed it active; node out of service',
  [EXIT.unknown]: 'outcome unknown: look before you go on',
  [EXIT.callsCut]: 'done, but calls were cut',
  [EXIT.partly]: 'several nodes: not all done',
  [EXIT.undone]: 'failed before the restart and undone: all as found',
  [EXIT.problems]: 'a check found problems',
  [EXIT.hangup]: 'interrupted: the terminal was lost',
  [EXIT.interrupted]: 'interrupted',
  [EXIT.terminated]: 'interrupted: asked to end',
};

/** The meaning of an exit code; a code of a later version has none here. */
export function exitMeaning(exit: number): string {
  return (MEANING as Readonly<Record<number, string>>)[exit] ?? 'a code that this version does not know';
}
