/** What a CHANNEL_CREATE says of the channel that began. Pure. Headers as measured on 1.10.12. */
import { parseIp } from '../domain/ip-address.ts';
import { printable } from '../domain/text.ts';
import type { NodeActivity } from '../workflow/ports.ts';
import type { EventHeaders } from './esl-connection.ts';

export type ChannelCreated = Extract<NodeActivity, { kind: 'created' }>;

/** Undefined where the event cannot be read, or does not say which way the channel goes. */
export function readChannelCreate(headers: EventHeaders | undefined): ChannelCreated | undefined {
  const text = (name: string): string => {
    const value = headers?.[name];
    return typeof value === 'string' ? value : '';
  };
  const direction = text('Call-Direction');
  if (direction !== 'inbound' && direction !== 'outbound') return undefined;
  const call = text('Channel-Call-UUID');
  return {
    kind: 'created',
    direction,
    address: direction === 'inbound' ? sipAddress(text) : null,
    furtherLeg:
      text('Other-Leg-Unique-ID') !== '' ||
      text('Other-Type') === 'originator' ||
      (call !== '' && call !== text('Unique-ID')),
  };
}

function sipAddress(text: (name: string) => string): string | null {
  // A leg of mod_loopback has a copy of the caller profile that it was begun with, source and address included.
  if (text('Channel-Name').startsWith('loopback/') || text('variable_other_loopback_leg_uuid') !== '')
    return null;
  const network = text('variable_sip_network_ip');
  if (text('Caller-Source') !== 'mod_sofia' && network === '') return null;
  const address = (text('Caller-Network-Addr') || network).replace(/^\[(.*)\]$/, '$1');
  const usable = printable(address, 64) === address && parseIp(address) !== undefined;
  return usable ? address : null;
}
