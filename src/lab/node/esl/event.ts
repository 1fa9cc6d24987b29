import type { Core } from '../core.ts';
import { gmtStamp, localStamp, microseconds } from '../wall-clock.ts';

/** Headers in order; a name may come twice, as Hangup-Cause does. */
export interface EslEvent {
  readonly name: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** The place in FreeSWITCH's sources that every event names. */
export interface Origin {
  readonly file: string;
  readonly function: string;
  readonly line: number;
}

export function eventOf(
  core: Core,
  name: string,
  sequence: number,
  origin: Origin,
  headers: readonly (readonly [string, string])[],
  body?: string,
): EslEvent {
  const at = microseconds();
  return {
    name,
    headers: [
      ['Event-Name', name],
      ['Core-UUID', core.coreUuid],
      ['FreeSWITCH-Hostname', core.config.hostname],
      ['FreeSWITCH-Switchname', core.config.switchname],
      ['FreeSWITCH-IPv4', core.config.ipv4],
      ['FreeSWITCH-IPv6', core.config.ipv6],
      ['Event-Date-Local', localStamp(at)],
      ['Event-Date-GMT', gmtStamp(at)],
      ['Event-Date-Timestamp', String(at)],
      ['Event-Calling-File', origin.file],
      ['Event-Calling-Function', origin.function],
      ['Event-Calling-Line-Number', String(origin.line)],
      ['Event-Sequence', String(sequence)],
      ...headers,
    ],
    ...(body === undefined ? {} : { body }),
  };
}

export function jsonFrame(event: EslEvent): string {
  const pairs = event.headers.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (event.body !== undefined) {
    pairs.push(
      `"Content-Length":"${Buffer.byteLength(event.body)}"`,
      `"_body":${JSON.stringify(event.body)}`,
    );
  }
  return frame('text/event-json', `{${pairs.join(',')}}`);
}

export function plainFrame(event: EslEvent): string {
  const lines = event.headers.map(([name, value]) => `${name}: ${urlEncode(value)}\n`).join('');
  const end =
    event.body === undefined ? '\n' : `Content-Length: ${Buffer.byteLength(event.body)}\n\n${event.body}`;
  return frame('text/event-plain', lines + end);
}

function frame(type: string, body: string): string {
  return `Content-Length: ${Buffer.byteLength(body)}\nContent-Type: ${type}\n\n${body}`;
}

/** FreeSWITCH's own set of characters, not that of any RFC: a comma stays, a colon does not. */
function urlEncode(value: string): string {
  return [...Buffer.from(value)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      const plain = byte > 0x20 && byte < 0x7f && !'"#%&+:;<=>?@[\\]^`{|}'.includes(character);
      return plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
