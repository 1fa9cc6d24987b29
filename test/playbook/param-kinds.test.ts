import { expect, test } from 'vitest';
import { isExpression, isShellLine } from '../../src/playbook/param-kinds.ts';

test('what is a line for a shell, and what an expression', () => {
  expect(isShellLine('ssh', 'run')).toBe(true);
  expect(isShellLine('notify', 'command')).toBe(true);
  expect(isShellLine('ssh', 'stdin')).toBe(false);
  expect(isShellLine('esl', 'command')).toBe(false);
  expect(isShellLine('nothing', 'run')).toBe(false);
  expect(isExpression('assert', 'that')).toBe(true);
  expect(isExpression('assert', 'message')).toBe(false);
  expect(isExpression('ssh', '__proto__')).toBe(false);
});
