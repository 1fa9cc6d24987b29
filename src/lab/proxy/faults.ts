/** What can be wrong with a proxy's JSON-RPC; the control port switches it on and off. */
export interface RpcFaults {
  /** Takes the connection and never answers. */
  silent: boolean;
  /** Nothing listens on the port. */
  refuse: boolean;
  /** set_state and set_duid_state answer 200 Ok, and nothing is done. */
  lie: boolean;
  /** dispatcher.list is cut in the middle and the connection closed, as a full write queue does. */
  truncate: boolean;
  /** 200 with `"result":{}`, and nothing is done. */
  emptyResult: boolean;
  /** Every answer is this many milliseconds late. */
  slow: number;
  /** The methods that the faults above hit; null for all. */
  only: readonly string[] | null;
}

export function noFaults(): RpcFaults {
  return {
    silent: false,
    refuse: false,
    lie: false,
    truncate: false,
    emptyResult: false,
    slow: 0,
    only: null,
  };
}
