import type { Channel, ChannelEventName } from '../channels.ts';
import type { Origin } from './event.ts';

interface Stage {
  readonly origin: Origin;
  readonly state: string;
  readonly callState: string;
  readonly stateNumber: number;
  readonly answerState: string;
}

const MACHINE = 'switch_core_state_machine.c';

/** Where each event comes from and what it says the channel is doing (events.txt of 1.10.12). */
export const STAGES: Readonly<Record<ChannelEventName, Stage>> = {
  CHANNEL_CREATE: {
    origin: { file: MACHINE, function: 'switch_core_session_run', line: 626 },
    state: 'CS_INIT',
    callState: 'DOWN',
    stateNumber: 2,
    answerState: 'ringing',
  },
  CHANNEL_ANSWER: {
    origin: { file: 'switch_channel.c', function: 'switch_channel_perform_mark_answered', line: 3846 },
    state: 'CS_EXECUTE',
    callState: 'RINGING',
    stateNumber: 4,
    answerState: 'answered',
  },
  CHANNEL_HANGUP_COMPLETE: {
    origin: { file: MACHINE, function: 'switch_core_session_reporting_state', line: 943 },
    state: 'CS_REPORTING',
    callState: 'HANGUP',
    stateNumber: 11,
    answerState: 'hangup',
  },
  CHANNEL_DESTROY: {
    origin: { file: 'switch_core_session.c', function: 'switch_core_session_perform_destroy', line: 1584 },
    state: 'CS_REPORTING',
    callState: 'HANGUP',
    stateNumber: 12,
    answerState: 'hangup',
  },
};

type Headers = [string, string][];

export function channelHeaders(name: ChannelEventName, channel: Channel): Headers {
  const stage = STAGES[name];
  const { setup, cause } = channel;
  const hangup: Headers = cause === '' ? [] : [['Hangup-Cause', cause]];
  return [
    // Of the two that carry a cause only this one has it twice.
    ...(name === 'CHANNEL_HANGUP_COMPLETE' ? hangup : []),
    ['Channel-State', stage.state],
    ['Channel-Call-State', stage.callState],
    ['Channel-State-Number', String(stage.stateNumber)],
    ['Channel-Name', setup.name],
    ['Unique-ID', channel.uuid],
    ['Call-Direction', setup.direction],
    ['Presence-Call-Direction', setup.direction],
    ['Channel-HIT-Dialplan', String(setup.direction === 'inbound')],
    ['Channel-Call-UUID', channel.variables.get('call_uuid') ?? channel.uuid],
    ['Answer-State', stage.answerState],
    ...hangup,
    ...codecHeaders(setup.codec),
    ...profileHeaders('Caller', channel),
    ...otherLegHeaders(channel),
    ...[...channel.variables].map(([key, value]): [string, string] => [`variable_${key}`, value]),
  ];
}

function codecHeaders(codec: 'PCMU' | 'L16'): Headers {
  return ['Read', 'Write'].flatMap((way): Headers => [
    [`Channel-${way}-Codec-Name`, codec],
    [`Channel-${way}-Codec-Rate`, '8000'],
    [`Channel-${way}-Codec-Bit-Rate`, codec === 'L16' ? '128000' : '64000'],
  ]);
}

/** From its creation on a channel that another one began names that one (switch_channel_event_set_basic_data). */
function otherLegHeaders({ originator }: Channel): Headers {
  return originator ? [['Other-Type', 'originator'], ...profileHeaders('Other-Leg', originator)] : [];
}

/** A caller profile; FreeSWITCH writes no header for an address that it does not know. */
function profileHeaders(prefix: 'Caller' | 'Other-Leg', channel: Channel): Headers {
  const { setup } = channel;
  const created = String(channel.createdAt);
  const times = { Answered: channel.answeredAt, Progress: 0, 'Progress-Media': 0, Hangup: channel.endedAt };
  const headers: Headers = [
    ['Direction', setup.direction],
    ['Logical-Direction', setup.direction],
    ['Username', setup.cidNumber],
    ['Dialplan', setup.dialplan],
    ['Caller-ID-Name', setup.cidName],
    ['Caller-ID-Number', setup.cidNumber],
    ['Orig-Caller-ID-Name', setup.cidName],
    ['Orig-Caller-ID-Number', setup.cidNumber],
    ['Network-Addr', setup.ip],
    ['ANI', setup.cidNumber],
    ['Destination-Number', setup.destination],
    ['Unique-ID', channel.uuid],
    ['Source', setup.leg ? 'mod_sofia' : 'mod_loopback'],
    ['Context', 'public'],
    ['Channel-Name', setup.name],
    ['Profile-Index', '1'],
    ['Profile-Created-Time', created],
    ['Channel-Created-Time', created],
    ...Object.entries(times).map(([name, at]): [string, string] => [`Channel-${name}-Time`, String(at)]),
    ['Channel-Transfer-Time', '0'],
    ['Channel-Resurrect-Time', '0'],
    ['Channel-Bridged-Time', '0'],
    ['Channel-Last-Hold', '0'],
    ['Channel-Hold-Accum', '0'],
    ['Screen-Bit', 'true'],
    ['Privacy-Hide-Name', 'false'],
    ['Privacy-Hide-Number', 'false'],
  ];
  return headers
    .filter(([name, value]) => name !== 'Network-Addr' || value !== '')
    .map(([name, value]) => [`${prefix}-${name}`, value]);
}
