import { execFileSync, spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { endLine, isVariableName, remoteLine } from '../../../src/playbook/actions/remote-line.ts';

const TOKEN = 'fsha-step-0b7c';

function sh(line: string, input = ''): string {
  return execFileSync('sh', ['-c', line], { input, encoding: 'utf8' });
}

describe('remoteLine, by a real sh', () => {
  test('arguments reach the script as they are', () => {
    const nasty = [`a'b"c$(id)`, '', '-n', 'two\nlines', '*'];
    const line = remoteLine({ script: `printf '<%s>' "$@"`, args: nasty, timeout: 5_000, token: TOKEN });
    expect(sh(line)).toBe(nasty.map((word) => `<${word}>`).join(''));
  });

  test('variables come by stdin, the rest of which is the command', () => {
    const line = remoteLine({
      script: `printf '<%s><%s>' "$A" "$B"; cat`,
      env: ['A', 'B'],
      timeout: 5_000,
      token: TOKEN,
    });
    const value = ` $(id) 'x' \\n "y" `;
    expect(line).not.toContain('$(id)');
    expect(sh(line, `${value}\n\nthe rest\nof it`)).toBe(`<${value}><>the rest\nof it`);
  });

  test('it ends by itself', () => {
    const line = remoteLine({ script: 'sleep 30', timeout: 900, token: TOKEN });
    const before = performance.now();
    expect(() => sh(line)).toThrow(expect.objectContaining({ status: 124 }));
    expect(performance.now() - before).toBeLessThan(8_000);
  });

  test('the line that ends it ends all that it began, and nothing else', async () => {
    const other = spawn('sh', ['-c', 'sleep 20', 'fsha-step-other']);
    const line = remoteLine({
      script: 'sleep 21.75 & sleep 21.75',
      timeout: 20_000,
      token: 'fsha-step-mine',
    });
    const mine = spawn('sh', ['-c', line]);
    const ended = new Promise<string>((resolve) =>
      mine.once('exit', (code, signal) => resolve(String(code ?? signal))),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    sh(endLine('fsha-step-mine'));
    expect(['SIGTERM', '143', '124']).toContain(await ended);
    expect(() => sh(`sleep 0.2; pgrep -f 'sleep 21[.]75'`)).toThrow(expect.objectContaining({ status: 1 }));
    expect(other.exitCode).toBeNull();
    other.kill('SIGKILL');
  });
});

test('names of variables', () => {
  expect(['A', '_b1', 'PATH'].every(isVariableName)).toBe(true);
  expect(['', '1A', 'A B', 'A;id', 'A=', 'Ä', 'A\n'].some(isVariableName)).toBe(false);
});
