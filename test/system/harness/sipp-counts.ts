/** What SIPp writes of its calls: a line of statistics a second, a line for each call that came up. */

export interface SippCounts {
  readonly created: number;
  /** Begun and not over. */
  readonly current: number;
  readonly successful: number;
  readonly failed: number;
  /** Requests that SIPp sent once more for want of an answer. */
  readonly retransmissions: number;
}

/** Calls that did not go as they should: those that failed, and those that were not over when SIPp ended. */
export function lostCalls({ created, successful }: SippCounts): number {
  return created - successful;
}

/**
 * The counts in the last whole line of a `-trace_stat` file; all 0 before the first one.
 * @throws when a count is not there or no number: what SIPp did not say is never 0
 */
export function countsIn(csv: string): SippCounts {
  const [header = '', ...lines] = csv.slice(0, csv.lastIndexOf('\n') + 1).split('\n');
  const last = lines.filter((line) => line !== '').at(-1);
  const names = header.split(';');
  const values = last?.split(';');
  const column = (name: string): number => {
    if (values === undefined) return 0;
    const value = values[names.indexOf(name)];
    if (value === undefined || !/^\d+$/.test(value))
      throw new Error(`SIPp's statistics: ${name} is ${value ?? 'not there'}`);
    return Number(value);
  };
  return {
    created: column('TotalCallCreated'),
    current: column('CurrentCall'),
    successful: column('SuccessfulCall(C)'),
    failed: column('FailedCall(C)'),
    retransmissions: column('Retransmissions(C)'),
  };
}

/** The longest time in a `-trace_rtt` file, milliseconds; NaN where there is none. */
export function longestTimeIn(csv: string): number {
  // Date_ms;response_time_ms;rtd_no
  const times = csv.split('\n').flatMap((line) => /^[\d.]+;([\d.]+);/.exec(line)?.[1] ?? []);
  return times.map(Number).reduce((longest, one) => (longest >= one ? longest : one), Number.NaN);
}

/** Of the calls in an error log, how many the far side ended. */
export function hungUpByFarSide(errors: string): number {
  return errors.match(/Aborting call on an unexpected BYE for call: /g)?.length ?? 0;
}
