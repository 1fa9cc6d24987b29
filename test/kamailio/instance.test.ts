import { describe, expect, it } from 'vitest';
import { readInstance, readVersion } from '../../src/kamailio/instance.ts';
import { goodResult } from './support/spoof-rpc.ts';

const uptime = goodResult('core.uptime');
const processes = goodResult('core.ps');

describe('the version', () => {
  it.each([
    [goodResult('core.version'), '5.6.3'],
    ['kamailio 6.1.4 (x86_64/linux) abc', '6.1.4'],
    ['something else 1.0', 'something else 1.0'],
    ['evil\u001b[2J', 'evil\ufffd[2J'],
  ])('%j', (result, version) => expect(readVersion(result)).toEqual({ known: true, value: version }));

  it.each([[{}], [''], ['  '], [null], [5]])('%j is unknown', (result) => {
    expect(readVersion(result).known).toBe(false);
  });
});

describe('the instance', () => {
  it('is start time, main process and sockets, each socket once', () => {
    expect(readInstance(uptime, processes)).toEqual({
      known: true,
      value: 'up since Sun Nov 22 21:51:16 2026, process 4001, 127.0.0.1:5060',
    });
  });

  it('is another one for another start, another process, or another socket', () => {
    const others = [
      readInstance({ ...(uptime as object), up_since: 'Sun Nov 22 21:51:17 2026' }, processes),
      readInstance(uptime, [1, 'main process - attendant', 2, 'udp receiver child=0 sock=127.0.0.1:5060']),
      readInstance(uptime, [4001, 'main process - attendant', 2, 'udp receiver child=0 sock=127.0.0.2:5060']),
    ];
    const all = [readInstance(uptime, processes), ...others].map((one) => (one.known ? one.value : ''));
    expect(new Set(all).size).toBe(4);
  });

  it('does not change as time goes on', () => {
    const later = { ...(uptime as object), now: 'Sun Nov 22 22:51:16 2026', uptime: 3602 };
    expect(readInstance(later, processes)).toEqual(readInstance(uptime, processes));
  });

  it.each<[string, unknown, unknown]>([
    ['no up_since', {}, processes],
    ['an empty up_since', { up_since: ' ' }, processes],
    ['no list of processes', uptime, {}],
    ['an empty list of processes', uptime, []],
    ['a list without process id', uptime, ['main process - attendant']],
  ])('is unknown with %s', (_what, since, list) => expect(readInstance(since, list).known).toBe(false));
});
