/** One reading of a node over a connection: what is asked, and what its answers make of an observation. */
import { errorInfo, FshaError, isInterruption, type ErrorInfo } from '../domain/errors.ts';
import { known, unknown, type Known, type NodeDetails, type NodeObservation } from '../domain/observation.ts';
import type { Clock, Detail } from '../workflow/ports.ts';
import type { EslConnection } from './esl-connection.ts';
import { readCoreUuid, readMarkVariable, readPause, readSwitchname } from './plain-replies.ts';
import { readRowCount } from './show-replies.ts';
import { readSofiaStatus } from './sofia-status.ts';
import { readStatusJson, readStatusText, unknownStatus, type StatusReading } from './status-reply.ts';

export interface ReadingSettings {
  readonly node: string;
  /** Monotonic ms at which the reading began, the connecting included. */
  readonly at: number;
  readonly detail: Detail;
  /** Ms for all questions together. */
  readonly timeout: number;
  readonly clock: Clock;
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
  const status = await readStatus(questions);
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

async function readStatus(questions: Questions): Promise<StatusReading> {
  const json = await questions.ask('json {"command":"status","data":""}');
  const reading = json.known ? readStatusJson(json.value) : undefined;
  if (reading !== undefined) return reading;
  const text = await questions.ask('status');
  return text.known ? readStatusText(text.value) : unknownStatus(text.why);
}

async function readDetails(sofia: Known<string>, questions: Questions): Promise<NodeDetails> {
  const registrations = read(await questions.ask('show registrations count as json'), readRowCount);
  const lists = sofia.known ? readSofiaStatus(sofia.value) : { profiles: sofia, gateways: sofia };
  return { ...lists, registrations };
}

function read<T>(body: Known<string>, parse: (body: string) => Known<T>): Known<T> {
  return body.known ? parse(body.value) : body;
}

/** A message as a clause that follows "unknown: ". */
function clause({ message }: ErrorInfo): string {
  return message.replace(/\.$/, '');
}

/** Asks under one deadline. Once the connection is gone every further question has the same answer: none. */
class Questions {
  readonly #connection: EslConnection;
  readonly #clock: Clock;
  readonly #end: number;
  readonly #signal: AbortSignal;
  #answered = false;
  #failure: FshaError | null = null;

  constructor(connection: EslConnection, { timeout, clock }: ReadingSettings, signal: AbortSignal) {
    this.#connection = connection;
    this.#clock = clock;
    this.#end = clock.now() + timeout;
    this.#signal = signal;
  }

  /** Why nothing at all was answered; null where something was. */
  get trouble(): ErrorInfo | null {
    return this.#answered || this.#failure === null ? null : errorInfo(this.#failure);
  }

  /** The answer's body, an -ERR included; unknown where none came. */
  async ask(command: string): Promise<Known<string>> {
    const timeout = this.#end - this.#clock.now();
    if (timeout <= 0) this.#failure ??= new FshaError('timeout', 'The time for reading the node was over.');
    if (this.#failure !== null) return unknown(clause(this.#failure));
    try {
      const body = await this.#connection.apiRaw(command, { timeout, signal: this.#signal });
      this.#answered = true;
      return known(body);
    } catch (error) {
      if (isInterruption(error) || !(error instanceof FshaError)) throw error;
      // A refusal is an answer, and concerns this question alone.
      if (error.code === 'esl.error') this.#answered = true;
      else this.#failure = error;
      return unknown(clause(error));
    }
  }
}
