import { createHttpClient } from '../http/http-client.ts';
import { createSqlReader } from '../postgres/read-only-query.ts';
import { createRedisReader } from '../redis/read-query.ts';
import type { Outside } from '../workflow/outside-ports.ts';

/** What playbooks reach beside the cluster; no library is loaded before it is used. */
export function outside(): Outside {
  return { http: createHttpClient(), sql: createSqlReader(), redis: createRedisReader() };
}
