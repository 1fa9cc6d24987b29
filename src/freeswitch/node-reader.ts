/** One reading of a node over a connection: what is asked, and what its answers make of an observation. */
import { errorInfo } from '../domain/errors.ts';
import { unknown, type Known, type NodeDetails, type NodeObservation } from '../domain/observation.ts';
import type { Detail } from '../workflow/ports.ts';
import type { EslConnection } from './esl-connection.ts';
import { readCoreUuid, readMarkVariable, readPause, readSwitchname } from './plain-replies.ts';
import { clause, Questions, read, type AskingTime } from './questions.ts';
import { readRowCount } from './show-replies.ts';
import { readSofiaStatus } from './sofia-status.ts';
import { askStatus } from './status-question.ts';
import { unknownStatus } from './status-reply.ts';

export interface ReadingSettings extends AskingTime {
  readonly node: string;
  /** Monotonic ms at which the reading began, the connecting included. */
  readonly at: number;
  readonly detail: Detail;
}

/**
 * Asks one question after the other, those of the core database last: a database that hangs must not hide what the
 * rest of the node says.
 * @throws FshaError `interrupted`, and nothing else
 */
export async function readNode(
  connection: EslConnection,
  settings: ReadingSettings,
  signal: AbortSignal,
): Promise<NodeObservation> {
  const { node, at, detail } = settings;
  const questions = new Questions(connection, settings, signal);
  const status = await askStatus(questions);
  const coreUuid = read(await questions.ask('global_getvar core_uuid'), readCoreUuid);
  const switchname = read(await questions.ask('switchname'), readSwitchname);
  const pause = readPause(
    await questions.ask('fsctl pause_check inbound'),
    await questions.ask('fsctl pause_check outbound'),
  );
  const mark = read(await questions.ask('global_getvar fsha_run'), readMarkVariable);
  const sofia = detail === 'full' ? await questions.ask('sofia status') : null;
  const calls = read(await questions.ask('show calls count as json'), readRowCount);
  const channels = read(await questions.ask('show channels count as json'), readRowCount);
  const full = sofia === null ? null : await readDetails(sofia, questions);
  return {
    node,
    at,
    trouble: questions.trouble,
    coreUuid,
    switchname,
    ...status,
    calls,
    channels,
    pause,
    mark,
    full,
  };
}

/** An observation of a node that could not be asked anything. */
export function unreachable(node: string, at: number, detail: Detail, error: unknown): NodeObservation {
  const trouble = errorInfo(error);
  const none = unknown(clause(trouble));
  return {
    ...{ node, at, trouble, coreUuid: none, switchname: none },
    ...unknownStatus(none.why),
    ...{ calls: none, channels: none, pause: none, mark: none },
    full: detail === 'full' ? { profiles: none, gateways: none, registrations: none } : null,
  };
}

async function readDetails(sofia: Known<string>, questions: Questions): Promise<NodeDetails> {
  const registrations = read(await questions.ask('show registrations count as json'), readRowCount);
  const lists = sofia.known ? readSofiaStatus(sofia.value) : { profiles: sofia, gateways: sofia };
  return { ...lists, registrations };
}
