import type { Channel, EndedBy } from './channels.ts';
import type { SipAddress, SipLeg } from './sip/leg.ts';
import { localStamp } from './wall-clock.ts';

type Variables = [string, string | undefined][];

const profileUrl = (local: { host: string; port: number }): string =>
  `sip:mod_sofia@${local.host}:${local.port}`;
const uri = ({ user, host, port }: SipAddress): string =>
  `${user}@${host}${port === undefined ? '' : `:${port}`}`;

function address(
  prefix: string,
  of: SipAddress,
  order: readonly ('user' | 'port' | 'uri' | 'host')[],
): Variables {
  return order.map((part) => [`${prefix}_${part}`, part === 'uri' ? uri(of) : of[part]]);
}

/** Variables of an inbound SIP channel when it is created, in FreeSWITCH's order (events.txt of 1.10.12). */
export function inviteVariables(
  channel: Channel,
  leg: SipLeg,
  profile: string,
  local: { host: string; port: number },
): Variables {
  const { from, to, request, contact, via, source } = leg;
  return [
    ['direction', 'inbound'],
    ['uuid', channel.uuid],
    ['call_uuid', channel.uuid],
    ['session_id', String(channel.sessionId)],
    ...address('sip_from', from, ['user', 'port', 'uri', 'host']),
    ['video_media_flow', 'disabled'],
    ['text_media_flow', 'disabled'],
    ['channel_name', channel.setup.name],
    ['sip_call_id', leg.callId],
    ['sip_local_network_addr', local.host],
    ['sip_network_ip', source.host],
    ['sip_network_port', String(source.port)],
    ['sip_invite_stamp', String(channel.createdAt)],
    ['sip_received_ip', source.host],
    ['sip_received_port', String(source.port)],
    ['sip_via_protocol', 'udp'],
    ['sip_from_user_stripped', from.user],
    ['sip_from_tag', from.tag],
    ['sofia_profile_name', profile],
    ['sofia_profile_url', profileUrl(local)],
    ['recovery_profile_name', profile],
    ['sip_full_via', via.full],
    ...partyVariables(leg),
    ...address('sip_req', request, ['user', 'port', 'uri', 'host']),
    ...address('sip_to', to, ['user', 'port', 'uri', 'host']),
    ...address('sip_contact', contact, ['user', 'port', 'uri', 'host']),
    ['sip_subject', leg.subject],
    ['sip_via_host', via.host],
    ['sip_via_port', via.port],
    ['max_forwards', leg.maxForwards],
    ['switch_r_sdp', leg.remoteSdp],
    ...CODEC_AT_INVITE,
    ['remote_media_ip', leg.remoteMedia.host],
    ['remote_media_port', String(leg.remoteMedia.port)],
    ...CODEC_IN_USE,
    ['endpoint_disposition', 'RECEIVED'],
  ];
}

function partyVariables({ from, to }: SipLeg, localTag = ''): Variables {
  return [
    ['sip_from_display', from.display || undefined],
    ['sip_full_from', from.full],
    ['sip_to_display', to.display || undefined],
    ['sip_full_to', to.full + localTag],
  ];
}

export function answerVariables(channel: Channel, leg: SipLeg): Variables {
  const { localMedia, remoteMedia } = leg;
  return [
    ['call_uuid', channel.uuid],
    ['current_application', 'answer'],
    ['rtp_local_sdp_str', leg.localSdp],
    ['local_media_ip', localMedia.host],
    ['local_media_port', String(localMedia.port)],
    ['advertised_media_ip', localMedia.host],
    ['rtp_use_timer_name', 'soft'],
    ['rtp_use_pt', '0'],
    ['rtp_use_ssrc', String(1_000_000_000 + channel.sessionId)],
    ['remote_media_ip', remoteMedia.host],
    ['remote_media_port', String(remoteMedia.port)],
  ];
}

/** After the answer, while it runs: nothing of it is in an event before the hangup. */
export function playbackVariables(): Variables {
  return [
    ['endpoint_disposition', 'ANSWER'],
    ['current_application_data', 'silence_stream://-1'],
    ['current_application', 'playback'],
  ];
}

/** What the BYE sets anew. A BYE from the node's side leaves the addresses of the INVITE where they are. */
export function byeVariables(leg: SipLeg, by: EndedBy, via: string): Variables {
  return [
    ['sip_to_tag', leg.localTag],
    ['sip_from_tag', leg.from.tag],
    ['sip_cseq', String(leg.cseq)],
    ['sip_call_id', leg.callId],
    ['sip_full_via', via],
    ...partyVariables(leg, `;tag=${leg.localTag}`),
    ['sip_term_status', '200'],
    ['proto_specific_hangup_cause', 'sip:200'],
    ['sip_term_cause', '16'],
    [
      'sip_hangup_disposition',
      by === 'caller' ? 'recv_bye' : by === 'cancelled' ? 'recv_cancel' : 'send_bye',
    ],
  ];
}

/** The figures every channel has when it ends. */
export function hangupVariables(channel: Channel): Variables {
  const { createdAt, answeredAt, endedAt } = channel;
  const answered = answeredAt === 0 ? 0 : endedAt - answeredAt;
  const milliseconds = Math.floor(answered / 1000);
  const played: Variables = [
    ['playback_last_offset_pos', String(milliseconds * 8)],
    ['playback_seconds', String(Math.floor(milliseconds / 1000))],
    ['playback_ms', String(milliseconds)],
    ['playback_samples', String(milliseconds * 8)],
    ['current_application_response', 'PLAYBACK ERROR'],
  ];
  const times = { start: createdAt, profile_start: createdAt, answer: answeredAt };
  const none = ['bridge', 'last_hold'];
  return [
    ...(channel.application === 'playback' && answered > 0 ? played : []),
    ['hangup_cause', channel.cause],
    ['hangup_cause_q850', String(Q850[channel.cause] ?? 16)],
    ['digits_dialed', 'none'],
    ...Object.entries({ ...times, end: endedAt }).map(([name, at]): [string, string | undefined] => [
      `${name}_stamp`,
      at === 0 ? undefined : localStamp(at),
    ]),
    ...Object.entries(times).flatMap(([name, at]) => epochs(name, at)),
    ...none.flatMap((name) => epochs(name, 0)),
    ['hold_accum_seconds', '0'],
    ['hold_accum_usec', '0'],
    ['hold_accum_ms', '0'],
    ...['resurrect', 'progress', 'progress_media'].flatMap((name) => epochs(name, 0)),
    ...epochs('end', endedAt),
    ['last_app', channel.application],
    ['last_arg', channel.applicationData],
    ['caller_id', `"${channel.setup.cidName}" <${channel.setup.cidNumber}>`],
    ...durations(endedAt - createdAt, answered, answeredAt === 0 ? 0 : answeredAt - createdAt),
    ...(channel.setup.leg ? RTP_FIGURES : []),
  ];
}

function epochs(name: string, at: number): Variables {
  return [
    [`${name}_epoch`, String(Math.floor(at / 1_000_000))],
    [`${name}_uepoch`, String(at)],
  ];
}

function durations(whole: number, billed: number, waited: number): Variables {
  const rows = {
    duration: whole,
    bill: billed,
    progress: 0,
    answer: waited,
    wait: waited,
    progress_media: 0,
    flow_bill: billed,
  };
  const units: [string, number][] = [
    ['sec', 1_000_000],
    ['msec', 1000],
    ['usec', 1],
  ];
  return units.flatMap(([unit, size]) =>
    Object.entries(rows).map(([name, time]): [string, string] => {
      const prefix = unit.slice(0, -3);
      // The whole one is called duration, mduration, uduration; the others billsec, billmsec, billusec.
      return [name === 'duration' ? `${prefix}duration` : `${name}${unit}`, String(Math.floor(time / size))];
    }),
  );
}

const Q850: Readonly<Record<string, number>> = {
  NO_ROUTE_DESTINATION: 3,
  NORMAL_CLEARING: 16,
  USER_BUSY: 17,
  NO_USER_RESPONSE: 18,
  CALL_REJECTED: 21,
  DESTINATION_OUT_OF_ORDER: 27,
  RECOVERY_ON_TIMER_EXPIRE: 102,
  ORIGINATOR_CANCEL: 487,
  SYSTEM_SHUTDOWN: 27,
  MANAGER_REQUEST: 16,
};

const CODEC_AT_INVITE: Variables = [
  ['ep_codec_string', 'CORE_PCM_MODULE.PCMU@8000h@20i@64000b'],
  ['rtp_use_codec_string', 'PCMU,PCMA'],
  ['remote_video_media_flow', 'inactive'],
  ['remote_text_media_flow', 'inactive'],
  ['remote_audio_media_flow', 'sendrecv'],
  ['audio_media_flow', 'sendrecv'],
];

const CODEC_IN_USE: Variables = [
  ['rtp_audio_recv_pt', '0'],
  ['rtp_use_codec_name', 'PCMU'],
  ['rtp_use_codec_rate', '8000'],
  ['rtp_use_codec_ptime', '20'],
  ['rtp_use_codec_channels', '1'],
  ['rtp_last_audio_codec_string', 'PCMU@8000h@20i@1c'],
  ['read_codec', 'PCMU'],
  ['original_read_codec', 'PCMU'],
  ['read_rate', '8000'],
  ['original_read_rate', '8000'],
  ['write_codec', 'PCMU'],
  ['write_rate', '8000'],
  ['dtmf_type', 'info'],
];

const rtp = (prefix: string, names: string, value: string): Variables =>
  names.split(' ').map((name) => [`rtp_audio_${prefix}${name}`, value]);

const RTP_FIGURES: Variables = [
  ...rtp('in_', 'raw_bytes media_bytes packet_count media_packet_count skip_packet_count', '0'),
  ...rtp(
    'in_',
    'jitter_packet_count dtmf_packet_count cng_packet_count flush_packet_count largest_jb_size',
    '0',
  ),
  ...rtp(
    'in_',
    'jitter_min_variance jitter_max_variance jitter_loss_rate jitter_burst_rate mean_interval',
    '0.00',
  ),
  ...rtp('in_', 'flaw_total', '0'),
  ...rtp('in_', 'quality_percentage', '100.00'),
  ...rtp('in_', 'mos', '4.50'),
  ...rtp('out_', 'raw_bytes media_bytes packet_count media_packet_count skip_packet_count', '0'),
  ...rtp('out_', 'dtmf_packet_count cng_packet_count', '0'),
  ...rtp('', 'rtcp_packet_count rtcp_octet_count', '0'),
];
