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
    ['Channel-Call-UUID', channel.uuid],
    ['Answer-State', stage.answerState],
    ...hangup,
    ...codecHeaders(setup.codec),
    ...callerHeaders(channel),
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

function callerHeaders(channel: Channel): Headers {
  const { setup } = channel;
  const created = String(channel.createdAt);
  const times = { Answered: channel.answeredAt, Progress: 0, 'Progress-Media': 0, Hangup: channel.endedAt };
  return [
    ['Caller-Direction', setup.direction],
    ['Caller-Logical-Direction', setup.direction],
    ['Caller-Username', setup.cidNumber],
    ['Caller-Dialplan', setup.dialplan],
    ['Caller-Caller-ID-Name', setup.cidName],
    ['Caller-Caller-ID-Number', setup.cidNumber],
    ['Caller-Orig-Caller-ID-Name', setup.cidName],
    ['Caller-Orig-Caller-ID-Number', setup.cidNumber],
    ['Caller-Network-Addr', setup.ip],
    ['Caller-ANI', setup.cidNumber],
    ['Caller-Destination-Number', setup.destination],
    ['Caller-Unique-ID', channel.uuid],
    ['Caller-Source', setup.leg ? 'mod_sofia' : 'mod_loopback'],
    ['Caller-Context', 'public'],
    ['Caller-Channel-Name', setup.name],
    ['Caller-Profile-Index', '1'],
    ['Caller-Profile-Created-Time', created],
    ['Caller-Channel-Created-Time', created],
    ...Object.entries(times).map(([name, at]): [string, string] => [
      `Caller-Channel-${name}-Time`,
      String(at),
    ]),
    ['Caller-Channel-Transfer-Time', '0'],
    ['Caller-Channel-Resurrect-Time', '0'],
    ['Caller-Channel-Bridged-Time', '0'],
    ['Caller-Channel-Last-Hold', '0'],
    ['Caller-Channel-Hold-Accum', '0'],
    ['Caller-Screen-Bit', 'true'],
    ['Caller-Privacy-Hide-Name', 'false'],
    ['Caller-Privacy-Hide-Number', 'false'],
  ];
}
