/** docs/playbooks.md, the section "Actions", and the actions themselves say the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { REDIS_READS } from '../../src/domain/redis-reads.ts';
import type { JsonObject } from '../../src/domain/playbook/json.ts';
import { ACTIONS } from '../../src/playbook/actions/registry.ts';
import { isOwnAction } from '../../src/playbook/own-steps.ts';

const document = readFileSync(new URL('../../docs/playbooks.md', import.meta.url), 'utf8');
const section = /\n## Actions\n([\s\S]*?)(?=\n## |$)/.exec(document)?.[1] ?? '';

const KEYS = [
  'name',
  'when',
  'timeout',
  'register',
  'rerun',
  'check',
  'rescue',
  'always',
  'undo',
  'disruptive',
];

const described = ACTIONS.filter(({ name }) => !isOwnAction(name) && name !== 'include');

describe.each(described)('$name', (action) => {
  const { name, params, result, short } = action;
  const own = new RegExp(`\\n### ${name}\\n([\\s\\S]*?)(?=\\n### |$)`).exec(section)?.[1] ?? '';
  const steps = [...own.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(
    ([, block = '']) => parse(block) as readonly Readonly<Record<string, unknown>>[],
  );
  const mine = steps.filter((step) => name in step);

  test('has examples, each with one action and keys that there are', () => {
    expect(mine.length).toBeGreaterThan(0);
    for (const step of steps) {
      const actions = Object.keys(step).filter((key) => !KEYS.includes(key));
      expect(ACTIONS.map((one) => one.name)).toContain(actions[0]);
      expect(actions).toHaveLength(1);
    }
  });

  test('its examples have parameters that it takes, and those that it needs', () => {
    for (const step of mine) {
      const given = step[name];
      const isMap = typeof given === 'object' && given !== null && !Array.isArray(given);
      const value = (isMap ? given : { [short ?? 'missing']: given }) as JsonObject;
      for (const key of Object.keys(value)) expect(Object.keys(params.fields)).toContain(key);
      const needed = Object.entries(params.fields).filter(([, field]) => field.required === true);
      for (const [key] of needed) expect(value).toHaveProperty(key);
      expect(action.check?.(value) ?? []).toEqual([]);
    }
  });

  test.each([...Object.keys(params.fields), ...Object.keys(result)])('%s is told of', (key) => {
    expect(own).toMatch(new RegExp(`\`${key}\\b|\\b${key}:`));
  });
});

test('fsha’s own are named', () => {
  for (const { name } of ACTIONS)
    expect(section).toContain(
      `\`${name}\``.replace(
        /^`(ssh|upload|esl|rpc|dispatcher_list|http|sql|redis|confirm|pause|assert|notify)`$/,
        '### $1',
      ),
    );
});

test('the commands of Redis', () => {
  const own = /\n### redis\n([\s\S]*?)(?=\n### )/.exec(section)?.[1] ?? '';
  expect([...own.matchAll(/`([A-Z]{2,})`/g)].map(([, name]) => name)).toEqual(REDIS_READS);
});
