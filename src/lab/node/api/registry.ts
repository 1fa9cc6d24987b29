import type { ApiCommand, Platform } from './command.ts';
import { fsctl } from './fsctl.ts';
import { hostname, switchname, uptime, version } from './identity.ts';
import { originate } from './originate.ts';
import { reloadxml } from './reload.ts';
import { show } from './show.ts';
import { sofia } from './sofia.ts';
import { json, status } from './status.ts';
import { hupall, uuidExists, uuidGetvar, uuidKill } from './uuid.ts';
import { globalGetvar, globalSetvar } from './variables.ts';

const COMMANDS: ReadonlyMap<string, ApiCommand> = new Map([
  ['fsctl', fsctl],
  ['global_getvar', globalGetvar],
  ['global_setvar', globalSetvar],
  ['hostname', hostname],
  ['hupall', hupall],
  ['json', json],
  ['originate', originate],
  ['reloadxml', reloadxml],
  ['show', show],
  ['sofia', sofia],
  ['status', status],
  ['switchname', switchname],
  ['uptime', uptime],
  ['uuid_exists', uuidExists],
  ['uuid_getvar', uuidGetvar],
  ['uuid_kill', uuidKill],
  ['version', version],
]);

/** Runs one command line. An answer of nothing is what mod_event_socket calls "no reply". */
export function runApi(platform: Platform, line: string): string {
  const space = line.indexOf(' ');
  const name = space < 0 ? line : line.slice(0, space);
  const command = COMMANDS.get(name.toLowerCase());
  if (!command) return `-ERR ${name} Command not found!\n`;
  return command(platform, space < 0 ? '' : line.slice(space + 1).trim()) || '-ERR no reply\n';
}
