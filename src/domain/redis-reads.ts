/** The commands of Redis that read, in bounded time for a bounded question: everything else is refused. */

/**
 * Left out on purpose: KEYS and SORT (hold up the server), SUBSCRIBE and the blocking ones (have no end), EVAL and FUNCTION
 * (may write), OBJECT, DEBUG, CONFIG, CLIENT, ACL (show more than data), GETEX and GETDEL (write).
 */
const READS: ReadonlySet<string> = new Set(
  `BITCOUNT BITPOS DBSIZE EXISTS EXPIRETIME GET GETBIT GETRANGE HEXISTS HGET HGETALL HKEYS HLEN HMGET HSCAN HSTRLEN HVALS INFO
   LASTSAVE LINDEX LLEN LPOS LRANGE MGET PEXPIRETIME PFCOUNT PING PTTL ROLE SCAN SCARD SISMEMBER SMEMBERS SMISMEMBER SRANDMEMBER
   SSCAN STRLEN TIME TTL TYPE XINFO XLEN XRANGE XREVRANGE ZCARD ZCOUNT ZLEXCOUNT ZMSCORE ZRANGE ZRANGEBYSCORE ZRANK ZREVRANGE
   ZREVRANK ZSCAN ZSCORE`.split(/\s+/),
);

/** Whether Redis changes nothing for it; upper or lower case. */
export function isRedisRead(command: string): boolean {
  return READS.has(command.toUpperCase());
}

/** All of them, in upper case, in the order of the alphabet. */
export const REDIS_READS: readonly string[] = [...READS].sort();
