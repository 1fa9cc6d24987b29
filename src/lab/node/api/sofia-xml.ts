import type { Core } from '../core.ts';
import type { Platform } from './command.ts';
import { gateways, type Gateway } from './gateways.ts';
import { inUse, profileData, profiles } from './profiles.ts';

const HEAD = '<?xml version="1.0" encoding="ISO-8859-1"?>\n';

/** `sofia xmlstatus`, with the retry note outside any element, where FreeSWITCH puts it. */
export function statusXml(platform: Platform): string {
  const { core } = platform;
  const element = (kind: string, name: string, data: string, state: string): string =>
    `<${kind}>\n<name>${name}</name>\n<type>${kind}</type>\n<data>${data}</data>\n<state>${state}</state>\n</${kind}>\n`;
  return [
    HEAD,
    '<profiles>\n',
    ...profiles(core).map((name) =>
      element('profile', name, profileData(core), `RUNNING (${inUse(platform, name)})`),
    ),
    ...gateways(core).map(
      ({ name, username, proxy, state, retry }) =>
        `${element('gateway', name, `sip:${username}@${proxy}`, state)}${retry === undefined ? '' : ` (retry: ${retry})`}\n`,
    ),
    '</profiles>\n',
  ].join('');
}

export function gatewaysXml(core: Core): string {
  const blocks = gateways(core).map((gateway) => {
    const lines = Object.entries(gatewayFields(core, gateway)).map(
      ([name, value]) => `    <${name}>${value}</${name}>\n`,
    );
    return `  <gateway>\n${lines.join('')}  </gateway>\n`;
  });
  return `${HEAD}<gateways>\n${blocks.join('')}</gateways>\n`;
}

function gatewayFields(core: Core, gateway: Gateway): Record<string, string | number> {
  const { name, username, proxy } = gateway;
  const { host, port } = core.config.sip;
  return {
    name,
    profile: core.config.profiles[0] ?? '',
    scheme: 'Digest',
    realm: gateway.realm,
    username,
    password: 'yes',
    from: `&lt;sip:${username}@${proxy}&gt;`,
    contact: `&lt;sip:gw+${name}@${host}:${port};transport=udp;gw=${name}&gt;`,
    exten: username,
    to: `sip:${username}@${proxy}`,
    proxy: `sip:${proxy}`,
    context: 'public',
    expires: gateway.expires,
    freq: gateway.expires,
    ping: 0,
    pingfreq: 0,
    pingmin: 0,
    pingcount: 0,
    pingmax: 0,
    pingtime: '0.00',
    pinging: 0,
    state: gateway.state,
    status: gateway.up ? 'UP' : 'DOWN',
    'uptime-usec': gateway.upFor,
    'calls-in': 0,
    'calls-out': 0,
    'failed-calls-in': 0,
    'failed-calls-out': 0,
    ...(gateway.retry === undefined ? {} : { retry: gateway.retry }),
  };
}
