/** The Kamailio that the stand-in says it is: version, start time, processes. A restart makes a new one. */
import type { KamailioVersion, ListenAddress } from './proxy-config.ts';

export interface Instance {
  readonly startedAt: Date;
  readonly mainPid: number;
}

/** Adding this keeps the made-up process ids of a restarted instance apart from those of every other process. */
const PIDS_PER_RESTART = 10_000_000;

export function startInstance(restarts: number, now: Date): Instance {
  return { startedAt: now, mainPid: process.pid + restarts * PIDS_PER_RESTART };
}

export function versionLine(version: KamailioVersion): string {
  return `kamailio ${version} (x86_64/linux) `;
}

export function describeProcesses(instance: Instance, sip: ListenAddress): readonly [number, string][] {
  const descriptions = [
    'main process - attendant',
    `udp receiver child=0 sock=${sip.host}:${sip.port}`,
    `udp receiver child=1 sock=${sip.host}:${sip.port}`,
    'slow timer',
    'timer',
    'secondary timer',
    'tcp receiver (generic) child=0',
    'tcp receiver (generic) child=1',
    'tcp main process',
  ];
  return descriptions.map((description, index) => [instance.mainPid + index, description]);
}

export function describeUptime(instance: Instance, now: Date): object {
  return {
    now: calendarTime(now),
    up_since: calendarTime(instance.startedAt),
    uptime: secondsUp(instance, now),
  };
}

export function describeRun(instance: Instance, version: KamailioVersion, now: Date): object {
  const seconds = secondsUp(instance, now);
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3_600) % 24, (seconds / 60) % 60].map(
    Math.floor,
  );
  return {
    name: 'kamailio',
    version,
    sourceid: 'unknown ',
    compiler: 'gcc 12.2.0',
    compiled: '',
    time_now: calendarTime(now),
    time_started: calendarTime(instance.startedAt),
    uptime_secs: seconds,
    utime_days: `${days}d ${hours}h ${minutes}m ${seconds % 60}s`,
  };
}

export function describeBuild(version: KamailioVersion): object {
  return {
    version: `kamailio ${version}`,
    id: 'unknown ',
    compiler: 'gcc 12.2.0',
    compiled: '',
    flags: 'USE_TCP, USE_TLS, DISABLE_NAGLE, SHM_MMAP, PKG_MALLOC, Q_MALLOC, F_MALLOC',
  };
}

function secondsUp(instance: Instance, now: Date): number {
  return Math.floor((now.getTime() - instance.startedAt.getTime()) / 1_000);
}

/** C's ctime without its newline: `Sun Nov  1 09:56:03 2026`. */
function calendarTime(date: Date): string {
  const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getDay()] ?? '';
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const dayOfMonth = String(date.getDate()).padStart(2);
  return `${day} ${months[date.getMonth()] ?? ''} ${dayOfMonth} ${time} ${date.getFullYear()}`;
}
