/** tm.stats and stats.get_statistics: what the stand-in counts, and zero for the rest of the names. */

export interface Statistics {
  /** INVITE transactions not yet answered for good. */
  current: number;
  /** Answered, and kept for retransmissions. */
  waiting: number;
  total: number;
  /** Its own: OPTIONS pings. */
  totalLocal: number;
  repliesReceived: number;
  repliesGenerated: number;
  repliesSent: number;
  requestsReceived: number;
  /** Final answers by class: `2xx` to `6xx`. */
  readonly finals: Record<'2' | '3' | '4' | '5' | '6', number>;
}

export function noStatistics(): Statistics {
  return {
    current: 0,
    waiting: 0,
    total: 0,
    totalLocal: 0,
    repliesReceived: 0,
    repliesGenerated: 0,
    repliesSent: 0,
    requestsReceived: 0,
    finals: { 2: 0, 3: 0, 4: 0, 5: 0, 6: 0 },
  };
}

export function countFinal(statistics: Statistics, status: number): void {
  const digit = String(status).charAt(0);
  if (digit === '2' || digit === '3' || digit === '4' || digit === '5' || digit === '6') {
    statistics.finals[digit] += 1;
  }
}

export function describeTransactions(statistics: Statistics): object {
  const { finals } = statistics;
  return {
    current: statistics.current,
    waiting: statistics.waiting,
    total: statistics.total,
    total_local: statistics.totalLocal,
    rpl_received: statistics.repliesReceived,
    rpl_generated: statistics.repliesGenerated,
    rpl_sent: statistics.repliesSent,
    '6xx': finals['6'],
    '5xx': finals['5'],
    '4xx': finals['4'],
    '3xx': finals['3'],
    '2xx': finals['2'],
    created: statistics.total + statistics.totalLocal,
    freed: statistics.total + statistics.totalLocal - statistics.current - statistics.waiting,
    delayed_free: 0,
  };
}

/** @param groups `all`, or names of groups with their colon; a single statistic's name finds nothing (measured) */
export function listStatistics(statistics: Statistics, groups: readonly string[]): string[] {
  const values: Record<string, number> = {
    'core:rcv_requests': statistics.requestsReceived,
    'core:rcv_replies': statistics.repliesReceived,
    'shmem:total_size': 33_554_432,
    'shmem:free_size': 30_000_000,
    'shmem:used_size': 2_500_000,
    'shmem:real_used_size': 2_700_000,
    'shmem:max_used_size': 2_700_000,
    'shmem:fragments': 1,
    'tmx:UAS_transactions': statistics.total,
    'tmx:UAC_transactions': statistics.totalLocal,
    'tmx:active_transactions': statistics.current,
    'tmx:inuse_transactions': statistics.current + statistics.waiting,
    'tmx:rpl_received': statistics.repliesReceived,
    'tmx:rpl_generated': statistics.repliesGenerated,
    'tmx:rpl_sent': statistics.repliesSent,
  };
  return groups.flatMap((group) =>
    GROUPS.filter(([name]) => group === 'all' || group === `${name}:`).flatMap(([name, keys]) =>
      keys.map((key) => `${name}:${key} = ${values[`${name}:${key}`] ?? 0}`),
    ),
  );
}

const PER_METHOD = ['bye', 'cancel', 'invite', 'message', 'prack', 'refer', 'reg', 'update'];
const replies = (status: string): string[] => [
  `rcv_replies_${status}`,
  ...PER_METHOD.map((method) => `rcv_replies_${status}_${method}`),
];
const words = (text: string): string[] => text.trim().split(/\s+/);

/** The groups of 5.6.3 with the modules of the reference proxy, names and order as measured. */
const GROUPS: readonly (readonly [string, readonly string[]])[] = [
  [
    'core',
    [
      ...words('bad_URIs_rcvd bad_msg_hdr drop_replies drop_requests err_replies err_requests'),
      ...words('fwd_replies fwd_requests rcv_replies rcv_replies_18x'),
      ...replies('1xx'),
      ...replies('2xx'),
      ...replies('3xx'),
      ...words('rcv_replies_401 rcv_replies_404 rcv_replies_407 rcv_replies_480 rcv_replies_486'),
      ...replies('4xx'),
      ...replies('5xx'),
      ...replies('6xx'),
      ...words('rcv_requests rcv_requests_ack rcv_requests_bye rcv_requests_cancel rcv_requests_info'),
      ...words('rcv_requests_invite rcv_requests_message rcv_requests_notify rcv_requests_options'),
      ...words('rcv_requests_prack rcv_requests_publish rcv_requests_refer rcv_requests_register'),
      ...words('rcv_requests_subscribe rcv_requests_update unsupported_methods'),
    ],
  ],
  ['dns', words('failed_dns_request slow_dns_request')],
  ['shmem', words('fragments free_size max_used_size real_used_size total_size used_size')],
  [
    'sl',
    words(`1xx_replies 200_replies 202_replies 2xx_replies 300_replies 301_replies 302_replies 3xx_replies
      400_replies 401_replies 403_replies 404_replies 407_replies 408_replies 483_replies 4xx_replies 500_replies
      5xx_replies 6xx_replies failures received_ACKs sent_err_replies sent_replies xxx_replies`),
  ],
  [
    'tcp',
    words(`con_reset con_timeout connect_failed connect_success current_opened_connections
      current_write_queue_size established local_reject passive_open send_timeout sendq_full`),
  ],
  [
    'tmx',
    words(`2xx_transactions 3xx_transactions 4xx_transactions 5xx_transactions 6xx_transactions
      UAC_transactions UAS_transactions active_transactions inuse_transactions rpl_absorbed rpl_generated
      rpl_received rpl_relayed rpl_sent`),
  ],
];
