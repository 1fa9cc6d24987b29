import type { Core } from '../core.ts';
import type { Registration } from '../registrations.ts';
import { localStamp } from '../wall-clock.ts';
import { words, type ApiCommand, type Platform } from './command.ts';
import { gateways } from './gateways.ts';
import { inUse, profileData, profiles } from './profiles.ts';
import { gatewaysXml, statusXml } from './sofia-xml.ts';

const RULE = `${'='.repeat(97)}\n`;
const USAGE =
  '-USAGE: sofia help\nsofia profile <name> [start | stop | restart | rescan]\nsofia <status|xmlstatus> [profile <name> [reg]] [gateway <name>]\n';

export const sofia: ApiCommand = (platform, argument) => {
  const { core } = platform;
  const asked = words(argument);
  switch (asked.slice(0, 2).join(' ')) {
    case 'status':
      return statusTable(platform);
    case 'status gateway':
      return gatewayTable(core);
    case 'status profile':
      return asked[3] === 'reg' ? registrationList(platform, asked[2] ?? '') : 'Invalid Profile!\n';
    case `profile ${asked[1] ?? ''}`:
      if (asked[2] !== 'rescan') return USAGE;
      return profiles(core).includes(asked[1] ?? '')
        ? 'Reload XML [Success]\n+OK scan complete\n'
        : `Invalid Profile [${asked[1] ?? ''}]`;
    case 'xmlstatus':
      return statusXml(platform);
    case 'xmlstatus gateway':
      return gatewaysXml(core);
    default:
      return USAGE;
  }
};

function statusTable(platform: Platform): string {
  const { core } = platform;
  const running = profiles(core);
  const row = (name: string, kind: string, data: string, state: string): string =>
    `${name.padStart(25)}\t${kind}\t  ${data.padStart(40)}\t${state}\n`;
  return [
    row('Name', '   Type', 'Data', 'State'),
    RULE,
    ...running.map((name) => row(name, 'profile', profileData(core), `RUNNING (${inUse(platform, name)})`)),
    ...gateways(core).map(({ name, username, proxy, state, retry }) =>
      row(
        `${core.config.profiles[0]}::${name}`,
        'gateway',
        `sip:${username}@${proxy}`,
        state + retryNote(retry),
      ),
    ),
    RULE,
    `${running.length} profile${running.length === 1 ? '' : 's'} 0 aliases\n`,
  ].join('');
}

const retryNote = (retry: string | undefined): string => (retry === undefined ? '' : ` (retry: ${retry})`);

function gatewayTable(core: Core): string {
  const all = gateways(core);
  const row = (name: string, data: string, rest: readonly string[]): string =>
    `${name.padStart(25)}\t${data.padStart(32)}\t${rest.join('\t')}\n`;
  return [
    row('Profile::Gateway-Name', 'Data    ', ['State', 'Ping Time', 'IB Calls(F/T)', 'OB Calls(F/T)']),
    RULE,
    ...all.map(({ name, username, proxy, state, retry }) =>
      row(`${core.config.profiles[0]}::${name}`, `sip:${username}@${proxy}`, [
        state,
        '  0.00',
        '0/0',
        `0/0${retryNote(retry)}`,
      ]),
    ),
    RULE,
    `${all.length} gateway${all.length === 1 ? '' : 's'}: Inbound(Failed/Total): 0/0,Outbound(Failed/Total):0/0\n`,
  ].join('');
}

function registrationList({ core, registrations }: Platform, profile: string): string {
  if (!profiles(core).includes(profile)) return 'Invalid Profile!\n';
  const rows = core.faults.is('database') ? [] : registrations.all();
  return `\nRegistrations:\n${RULE}${rows.map(registrationBlock).join('')}Total items returned: ${rows.length}\n${RULE}`;
}

function registrationBlock(row: Registration): string {
  const left = row.expires - Math.floor(Date.now() / 1000);
  const until = localStamp(row.expires * 1_000_000);
  const fields = {
    'Call-ID:    ': row.callId,
    'User:       ': `${row.user}@${row.realm}`,
    'Contact:    ': `"" <${row.contact}>`,
    'Agent:      ': row.agent,
    'Status:     ': `Registered(UDP)(unknown) EXP(${until}) EXPSECS(${left})`,
    'Ping-Status:': 'Reachable',
    'Ping-Time:': '0.00',
    'Host:       ': row.hostname,
    'IP:         ': row.networkIp,
    'Port:       ': String(row.networkPort),
    'Auth-User:  ': 'unknown',
    'Auth-Realm: ': row.realm,
    'MWI-Account:': `${row.user}@${row.realm}`,
  };
  return `${Object.entries(fields)
    .map(([label, value]) => `${label}\t${value}\n`)
    .join('')}\n`;
}
