import type { Channel } from '../channels.ts';
import { hangupVariables } from '../channel-variables.ts';
import { routed } from '../dialplan.ts';
import type { ApiCommand, Platform } from './command.ts';

const USAGE =
  '-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] [<cid_name>] [<cid_num>] [<timeout_sec>]\n';

/** Only mod_loopback's calls are made: two channels that answer at once. Any other endpoint has no route from here. */
export const originate: ApiCommand = (platform, argument) => {
  const asked = /^(?:\{(?<variables>[^}]*)\})?(?<url>\S+)\s+(?<target>.+)$/.exec(argument)?.groups;
  if (!asked) return USAGE;
  const [endpoint, destination = '', context = 'default'] = (asked['url'] ?? '').split('/');
  if (endpoint !== 'loopback')
    return `-ERR ${endpoint === 'sofia' || endpoint === 'user' ? 'NO_ROUTE_DESTINATION' : 'CHAN_NOT_IMPLEMENTED'}\n`;
  // The b-leg is inbound, so that a fence refuses it too (measured on 1.10.12).
  if (!platform.core.takesSession('outbound') || !platform.core.takesSession('inbound')) {
    return '-ERR DESTINATION_OUT_OF_ORDER\n';
  }
  if (!routed(destination)) return '-ERR NO_ROUTE_DESTINATION\n';
  const callerName = /origination_caller_id_name=(?:'([^']*)'|([^,]*))/.exec(asked['variables'] ?? '');
  const channel = loopback(
    platform,
    destination,
    context,
    callerName?.[1] ?? callerName?.[2] ?? '',
    asked['target'] ?? '',
  );
  return `+OK ${channel.uuid}\n`;
};

function loopback(
  { channels }: Platform,
  destination: string,
  context: string,
  callerName: string,
  target: string,
): Channel {
  const caller = { name: callerName || 'Outbound Call', number: '0000000000' };
  const shared = { ip: '', destination, dialplan: 'xml', codec: 'L16' } as const;
  const b = channels.start({
    ...shared,
    direction: 'inbound',
    name: `loopback/${destination}-b`,
    cidName: caller.name,
    cidNumber: caller.number,
    calleeName: 'Outbound Call',
    calleeNumber: context,
  });
  const a = channels.start({
    ...shared,
    direction: 'outbound',
    name: `loopback/${destination}-a`,
    cidName: 'Outbound Call',
    cidNumber: context,
    initialCaller: caller,
    calleeName: caller.name,
    calleeNumber: caller.number,
  });
  a.callUuid = a.uuid;
  a.calleeDirection = 'RECV';
  for (const [channel, other] of [
    [a, b],
    [b, a],
  ] as const) {
    // The end of either half ends the other, though they are no bridge and count as a call each.
    channel.partner = other;
    channel.onEnd = () => channel.set(hangupVariables(channel));
    channel.set([
      ['direction', channel.setup.direction],
      ['uuid', channel.uuid],
      ['is_outbound', String(channel === a)],
    ]);
    channels.answer(channel);
  }
  b.application = 'playback';
  b.applicationData = 'silence_stream://-1';
  const application = /^&([a-z_]+)(?:\((.*)\))?/.exec(target);
  a.application = application?.[1] ?? 'playback';
  a.applicationData = application?.[2] ?? (application ? '' : 'silence_stream://-1');
  if (a.application === 'hangup') channels.end(a, a.applicationData || 'NORMAL_CLEARING', 'node');
  return a;
}
