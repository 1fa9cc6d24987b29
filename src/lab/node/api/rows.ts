import type { Channel } from '../channels.ts';
import type { Registration } from '../registrations.ts';
import { localStamp } from '../wall-clock.ts';
import type { Platform } from './command.ts';

export type Row = Record<string, string>;

/** A row of `channels`, keys in the order of the view (calls-database-down-kill.txt, utf8-channels.txt). */
export function channelRow({ core }: Platform, channel: Channel): Row {
  const { setup } = channel;
  const bitRate = setup.codec === 'L16' ? '128000' : '64000';
  return {
    ...identity(channel),
    ip_addr: setup.ip,
    dest: setup.destination,
    application: channel.application,
    application_data: channel.applicationData,
    dialplan: setup.dialplan,
    context: 'public',
    read_codec: setup.codec,
    read_rate: '8000',
    read_bit_rate: bitRate,
    write_codec: setup.codec,
    write_rate: '8000',
    write_bit_rate: bitRate,
    secure: '',
    hostname: core.config.switchname,
    presence_id: '',
    presence_data: '',
    accountcode: '',
    ...callee(channel),
    call_uuid: channel.callUuid,
    sent_callee_name: '',
    sent_callee_num: '',
    initial_cid_name: setup.initialCaller?.name ?? setup.cidName,
    initial_cid_num: setup.initialCaller?.number ?? setup.cidNumber,
    initial_ip_addr: setup.ip,
    initial_dest: setup.destination,
    initial_dialplan: setup.dialplan,
    initial_context: 'public',
  };
}

function identity(channel: Channel): Row {
  return {
    uuid: channel.uuid,
    direction: channel.setup.direction,
    created: localStamp(channel.createdAt),
    created_epoch: String(Math.floor(channel.createdAt / 1_000_000)),
    name: channel.setup.name,
    state: 'CS_EXECUTE',
    cid_name: channel.setup.cidName,
    cid_num: channel.setup.cidNumber,
  };
}

function callee(channel: Channel): Row {
  return {
    callstate: channel.answeredAt === 0 ? 'RINGING' : 'ACTIVE',
    callee_name: channel.setup.calleeName ?? '',
    callee_num: channel.setup.calleeNumber ?? '',
    callee_direction: channel.calleeDirection,
  };
}

/** A row of `calls`: the a-leg, then the b-leg's columns, empty where there is none. */
export function callRow({ core }: Platform, channel: Channel): Row {
  const partner = channel.partner?.isCallee ? channel.partner : undefined;
  const b = partner ? legColumns(partner) : undefined;
  const columns = Object.entries(b ?? legColumns(channel)).map(([name, value]) => [
    `b_${name}`,
    b ? value : '',
  ]);
  return {
    ...legColumns(channel),
    call_uuid: channel.callUuid,
    hostname: core.config.switchname,
    ...(Object.fromEntries(columns) as Row),
    call_created_epoch: partner ? String(Math.floor(partner.createdAt / 1_000_000)) : '',
  };
}

function legColumns(channel: Channel): Row {
  return {
    ...identity(channel),
    ip_addr: channel.setup.ip,
    dest: channel.setup.destination,
    presence_id: '',
    presence_data: '',
    accountcode: '',
    ...callee(channel),
    sent_callee_name: '',
    sent_callee_num: '',
  };
}

export function registrationRow(row: Registration): Row {
  return {
    reg_user: row.user,
    realm: row.realm,
    token: row.callId,
    url: `sofia/external/${row.contact}`,
    expires: String(row.expires),
    network_ip: row.networkIp,
    network_port: String(row.networkPort),
    network_proto: 'udp',
    hostname: row.hostname,
    metadata: '',
  };
}
