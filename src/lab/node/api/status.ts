import type { Core } from '../core.ts';
import { splitUptime, uptimeWords } from '../wall-clock.ts';
import type { ApiCommand } from './command.ts';
import { VERSION_LINE } from './identity.ts';

export const status: ApiCommand = ({ core }) => garbled(core) ?? statusText(core);

function statusText(core: Core): string {
  const { sessions } = core;
  return [
    `UP ${uptimeWords(core.uptime)}`,
    `FreeSWITCH (Version ${VERSION_LINE}) is ${core.ready ? 'ready' : 'not ready'}`,
    `${sessions.total} session(s) since startup`,
    `${core.sessionCount} session(s) - peak ${sessions.peak}, last 5min ${sessions.peakFiveMinutes} `,
    `${sessions.rate} session(s) per Sec out of max ${core.sessionsPerSecond}, peak ${sessions.ratePeak}, last 5min ${sessions.ratePeakFiveMinutes} `,
    `${core.sessionLimit} session(s) max`,
    `min idle cpu 0.00/${core.idleCpu.percent().toFixed(2)}`,
    'Current Stack Size/Max 240K/8192K',
    '',
  ].join('\n');
}

/** Only `{"command":"status"}`; any other JSON command is unknown here. */
export const json: ApiCommand = ({ core }, argument) => {
  const asked = parse(argument);
  if (asked === undefined) return '-ERR\n';
  if (asked['command'] !== 'status')
    return `${JSON.stringify({ ...asked, status: 'error', message: 'Invalid Method' })}\n`;
  return garbled(core) ?? `${JSON.stringify({ ...asked, status: 'success', response: statusJson(core) })}\n`;
};

function statusJson(core: Core): unknown {
  const { sessions } = core;
  return {
    systemStatus: core.ready ? 'ready' : 'not ready',
    uptime: splitUptime(core.uptime),
    version: VERSION_LINE,
    sessions: {
      count: {
        total: sessions.total,
        active: core.sessionCount,
        peak: sessions.peak,
        peak5Min: sessions.peakFiveMinutes,
        limit: core.sessionLimit,
      },
      rate: {
        current: sessions.rate,
        max: core.sessionsPerSecond,
        peak: sessions.ratePeak,
        peak5Min: sessions.ratePeakFiveMinutes,
      },
    },
    idleCPU: { used: 0, allowed: core.idleCpu.percent() },
    stackSizeKB: { current: 240, max: 8192 },
  };
}

function garbled(core: Core): string | undefined {
  const fault = core.faults.value('lieSessions');
  if (fault === 'garbage') return 'UP 0 years, \u0000\u0007\uFFFD session(s)\n';
  if (fault === 'empty') return '';
  return undefined;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
