import type { Core, Direction } from '../core.ts';
import { words, type ApiCommand } from './command.ts';
import { hupall } from './uuid.ts';

const USAGE =
  '-USAGE: [recover|send_sighup|hupall|flush_db_handles|pause [inbound|outbound]|resume [inbound|outbound]|shutdown [cancel|elegant|asap|now|restart]|sps|sps_peak_reset|max_sessions|min_idle_cpu|loglevel [level]]\n';

export const fsctl: ApiCommand = (platform, argument) => {
  const { core } = platform;
  const [verb, option] = words(argument);
  switch (verb) {
    case 'pause':
      return setPause(core, option, true);
    case 'resume':
      return setPause(core, option, false);
    case 'pause_check':
      // Without a direction it asks for both: false while only inbound is paused (measured on 1.10.12).
      return String(directions(option).every((direction) => core.paused[direction]));
    case 'ready_check':
      return String(core.ready);
    case 'shutdown_check':
      return String(core.shutdown !== 'none');
    case 'max_sessions':
      if (option !== undefined && Number(option) > 0) core.sessionLimit = Number(option);
      return `+OK max sessions: ${core.sessionLimit}\n`;
    case 'sps':
      if (option !== undefined && Number(option) > 0) core.sessionsPerSecond = Number(option);
      return `+OK sessions per second: ${core.sessionsPerSecond}\n`;
    case 'hupall':
      hupall(platform, option ?? '');
      return '+OK\n';
    case 'shutdown':
      if (option === 'cancel') platform.shutdown(undefined);
      else platform.shutdown(option === 'elegant' || option === 'asap' ? option : 'now');
      return '+OK\n';
    case undefined:
    default:
      return USAGE;
  }
};

function directions(option: string | undefined): readonly Direction[] {
  return option === 'inbound' || option === 'outbound' ? [option] : ['inbound', 'outbound'];
}

function setPause(core: Core, option: string | undefined, paused: boolean): string {
  for (const direction of directions(option)) core.paused[direction] = paused;
  return '+OK\n';
}
