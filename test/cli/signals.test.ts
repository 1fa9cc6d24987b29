import { describe, expect, it } from 'vitest';
import { listen } from '../../src/cli/signals.ts';
import type { Host } from '../../src/cli/host.ts';

/** A host that has nothing but signals. */
function signals() {
  const listeners = new Map<string, () => void>();
  const host = {
    onSignal: (signal: string, listener: () => void) => {
      listeners.set(signal, listener);
      return () => listeners.delete(signal);
    },
  } as unknown as Host;
  return { host, send: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => listeners.get(signal)?.() };
}

describe('listen', () => {
  it('tells of the first signal, and leaves at the second', () => {
    const { host, send } = signals();
    const stop = listen(host);
    const told: string[] = [];
    stop.onStop((by) => told.push(by));
    send('SIGTERM');
    expect([told, stop.signal.aborted, stop.leave.aborted]).toEqual([['SIGTERM'], true, false]);
    send('SIGINT');
    expect([told, stop.leave.aborted, stop.interruption()]).toEqual([['SIGTERM'], true, 'SIGTERM']);
  });

  it('takes an interruption from the keyboard for the signal that it would have been', () => {
    const { host, send } = signals();
    const stop = listen(host);
    const told: string[] = [];
    stop.onStop((by) => told.push(by));
    stop.interrupt();
    expect([told, stop.signal.aborted, stop.leave.aborted]).toEqual([['SIGINT'], true, false]);
    send('SIGTERM');
    expect([told, stop.leave.aborted, stop.interruption()]).toEqual([['SIGINT'], true, 'SIGINT']);
    const other = listen(signals().host);
    other.interrupt();
    other.interrupt();
    expect(other.leave.aborted).toBe(true);
  });

  it('tells of a signal that came before anybody listened: it is in the journal all the same', () => {
    const { host, send } = signals();
    const stop = listen(host);
    send('SIGINT');
    const told: string[] = [];
    stop.onStop((by) => told.push(by));
    expect(told).toEqual(['SIGINT']);
  });

  it('tells nobody of a stop that was no signal', () => {
    const { host, send } = signals();
    const stop = listen(host);
    const told: string[] = [];
    stop.abort();
    stop.onStop((by) => told.push(by));
    expect([told, stop.signal.aborted, stop.interruption()]).toEqual([[], true, 'SIGINT']);
    send('SIGINT');
    expect([told, stop.leave.aborted]).toEqual([[], true]);
  });

  it('takes SIGHUP for a stop only where that is wished', () => {
    const { host, send } = signals();
    const stop = listen(host);
    send('SIGHUP');
    expect(stop.signal.aborted).toBe(false);
    const other = signals();
    const restores = listen(other.host, 'restore');
    other.send('SIGHUP');
    expect([restores.signal.aborted, restores.interruption()]).toEqual([true, 'SIGHUP']);
  });

  it.each(['SIGHUP', 'SIGINT', 'SIGTERM'] as const)(
    'never takes SIGHUP for the second signal: behind %s it may be the same wish once more',
    (first) => {
      const { host, send } = signals();
      const stop = listen(host, 'restore');
      send(first);
      // A shell hands on what the kernel sends as well; systemd sends SIGHUP behind SIGTERM (SendSIGHUP=).
      send('SIGHUP');
      send('SIGHUP');
      expect([stop.leave.aborted, stop.interruption()]).toEqual([false, first]);
      send('SIGTERM');
      expect([stop.leave.aborted, stop.interruption()]).toEqual([true, first]);
    },
  );
});
