import { expect, test } from 'vitest';
import { isRedisRead, REDIS_READS } from '../../src/domain/redis-reads.ts';

test.each(['GET', 'get', 'HGetAll', 'SCAN', 'TTL', 'ZRANGE'])('%s reads', (command) => {
  expect(isRedisRead(command)).toBe(true);
});

test.each(
  'SET DEL EXPIRE FLUSHALL EVAL EVAL_RO FCALL CONFIG KEYS SORT GETDEL GETEX GETSET MULTI BLPOP SUBSCRIBE MONITOR DEBUG SHUTDOWN CLIENT MIGRATE RESTORE ZRANGESTORE XREAD XREADGROUP OBJECT ACL'.split(
    ' ',
  ),
)('%s does not', (command) => {
  expect(isRedisRead(command)).toBe(false);
});

test('nor does what is none', () => {
  for (const command of ['', 'GET\r\nDEL', ' GET', 'GET x']) expect(isRedisRead(command)).toBe(false);
  expect(REDIS_READS).toContain('GET');
});
