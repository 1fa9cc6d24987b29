/** A spoof ESL server that answers the commands of a reading as the transcripts do, with changes where a test wants them. */
import { apiReply, commandReply, type Peer } from './spoof-esl-server.ts';
import { apiBody } from './transcript.ts';

const RUNNING = 'calls-database-down-kill';
const VARIABLES = 'status-registrations-gateways-vars';
export const STATUS_JSON = 'json {"command":"status","data":""}';

/** Recorded bodies: two sessions are up. */
export const RECORDED: Readonly<Record<string, string>> = {
  [STATUS_JSON]: apiBody(RUNNING, STATUS_JSON),
  status: apiBody(RUNNING, 'status'),
  switchname: apiBody('api', 'switchname'),
  'global_getvar core_uuid': apiBody(VARIABLES, 'global_getvar core_uuid'),
  'global_getvar fsha_run': apiBody(VARIABLES, 'global_getvar fsha_run'),
  'fsctl pause_check inbound': apiBody(VARIABLES, 'fsctl pause_check inbound'),
  'fsctl pause_check outbound': apiBody(VARIABLES, 'fsctl pause_check outbound'),
  'sofia status': apiBody(VARIABLES, 'sofia status'),
  'show calls count as json': '{"row_count":2,"rows":[]}',
  'show channels count as json': '{"row_count":2,"rows":[]}',
  'show registrations count as json': apiBody(VARIABLES, 'show registrations count as json'),
  'show channels as json': apiBody(RUNNING, 'show channels as json'),
};

/** null: no answer at all. */
export type Answers = Readonly<Record<string, string | null>>;

export function answering(changes: Answers = {}): (command: string, peer: Peer) => void {
  const answers = { ...RECORDED, ...changes };
  return (command, peer) => {
    if (command.startsWith('event ')) peer.send(commandReply('+OK event listener enabled json'));
    else if (command === 'noevents') peer.send(commandReply('+OK no longer listening for events'));
    else if (command.startsWith('api ')) {
      const body = answers[command.slice(4)];
      if (body !== null) peer.send(apiReply(body ?? `-ERR ${command.slice(4)} Command not found!\n`));
    } else peer.send(commandReply('-ERR command not found'));
  };
}
