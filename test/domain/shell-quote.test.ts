import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { guardedCommand } from '../../src/ssh/remote-command.ts';
import { shellQuote } from '../../src/domain/shell-quote.ts';

test.each([
  [['ls', '-l', '/tmp/x.y']],
  [['']],
  [["it's", '$(id)', '`id`', '"quoted"', 'a\nb', '\\', '*', '~', '!x', 'ümlaut', '#', 'a=b', '-n', '%s']],
  [["''", "'", "\\'"]],
])('a shell gets back %j', (words) => {
  const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${shellQuote(words)}`], { encoding: 'utf8' });
  expect(printed.split('\0').slice(0, -1)).toEqual(words);
});

test('plain words stay as they are', () => {
  expect(shellQuote(['flock', '-w', '5', '/tmp/fsha-node-1.lock'])).toBe('flock -w 5 /tmp/fsha-node-1.lock');
});

test('a NUL byte is refused', () => {
  expect(() => shellQuote(['a\0b'])).toThrow(TypeError);
});

test('the guard of a command', () => {
  const guard = {
    command: "sudo -n echo 'x'",
    lockPath: '/tmp/fsha-node-1.lock',
    lockWait: 1_500,
    timeout: 90_000,
    killAfter: 10_000,
  };
  expect(guardedCommand(guard)).toBe(
    `mkdir -p -m 0755 /tmp/fsha-node-1.lock && exec flock -o -E 75 -w 2 /tmp/fsha-node-1.lock timeout -k 10 90 sh -c 'sudo -n echo '\\''x'\\'''`,
  );
  expect(() => guardedCommand({ ...guard, timeout: 0 })).toThrow(RangeError);
  expect(() => guardedCommand({ ...guard, killAfter: Number.NaN })).toThrow(RangeError);
  expect(() => guardedCommand({ ...guard, lockPath: '-x' })).toThrow(RangeError);
});
