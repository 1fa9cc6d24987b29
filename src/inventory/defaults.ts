/** What holds where an inventory says nothing. Written as in the inventory. */
export const DEFAULTS = {
  eslPort: 8021,
  /** Where ESL is reached through SSH: FreeSWITCH listens on the loopback address of its own host. */
  eslHostThroughSsh: '127.0.0.1',
  sipProfile: 'external',
  sipPort: 5080,
  calls: 500,
  callsPerSecond: 50,
  restartCommand: 'sudo -n systemctl restart freeswitch',
  restartTimeout: '90s',
  /** tm's own default. */
  frTimer: '30s',
  /** Where Debian's and the reference configuration have it. */
  list: '/etc/kamailio/dispatcher.list',
} as const;
