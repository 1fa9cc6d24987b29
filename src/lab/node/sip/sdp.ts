import type { Endpoint } from '../config.ts';

/** Where the offer wants its audio, by its own words. */
export function mediaOf(sdp: string, fallback: string): Endpoint {
  const host = /^c=IN IP[46] (\S+)/m.exec(sdp)?.[1] ?? fallback;
  return { host, port: Number(/^m=audio (\d+)/m.exec(sdp)?.[1] ?? 0) };
}

/**
 * FreeSWITCH's answer (variable_rtp_local_sdp_str of events.txt): PCMU or PCMA, whichever is offered first, and every
 * other stream declined. No RTP is ever sent: nothing in the lab listens to it.
 */
export function answerSdp(offer: string, local: Endpoint, session: number): string {
  const streams = [...offer.matchAll(/^m=(\w+) \d+ (\S+) (.*)$/gm)].map((match) => match.slice(1));
  const audio = streams.findIndex(([kind]) => kind === 'audio');
  const formats = streams[audio]?.[2]?.trim().split(' ') ?? ['0'];
  const format = formats.find((one) => one === '0' || one === '8') ?? '0';
  const accepted = [
    `m=audio ${local.port} RTP/AVP ${format}`,
    `a=rtpmap:${format} ${format === '8' ? 'PCMA' : 'PCMU'}/8000`,
    'a=ptime:20',
    'a=sendrecv',
  ];
  const media =
    audio < 0
      ? accepted
      : streams.flatMap(([kind = '', profile = '', all = ''], at) =>
          at === audio ? accepted : [`m=${kind} 0 ${profile} ${all.trim()}`],
        );
  return [
    'v=0',
    `o=FreeSWITCH ${session} ${session + 1} IN IP4 ${local.host}`,
    's=FreeSWITCH',
    `c=IN IP4 ${local.host}`,
    't=0 0',
    ...media,
    '',
  ].join('\r\n');
}
