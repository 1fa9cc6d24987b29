/** How long things may take for which there is no setting, where it has to be reckoned with before they begin: ms. */

/**
 * How long Kamailio is given to bring a node back by its own OPTIONS, and its RPC to answer while the node goes in: ms.
 * Three rounds of the usual interval of 10 s; a proxy that has not done so by then does not ping, which no RPC of 5.6 tells.
 */
export const PROXY_PATIENCE = 35_000;

/** How long calls that were cut may take to be gone, beside settle and frTimer: ms. */
export const CUT_GRACE = 30_000;

/** What a remote restart command may take beyond its timeout until `timeout -k` has ended it, and the lock's wait: ms. */
export const COMMAND_GRACE = 15_000;
