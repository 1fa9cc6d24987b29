/**
 * FLAGS of a destination by the argument of set_state and ds_probing_mode: right after set_state → after good OPTIONS →
 * after silence → after good OPTIONS again. Measured on Kamailio 5.6.3 and 6.1.4 with ds_probing_threshold 2 and
 * ds_inactive_threshold 1.
 */
export interface StateTableRow {
  readonly set: string;
  readonly mode: 0 | 1 | 2 | 3;
  readonly flags: readonly [set: string, good: string, silent: string, goodAgain: string];
}

const BY_ARGUMENT = {
  i: ['IX IX IX IX', 'IX AP IP AP', 'IX IX IX IX', 'IX IX IX IX'],
  ip: ['IP AX AX AX', 'IP AP IP AP', 'IP AX AX AX', 'IP AP IP AP'],
  t: ['TX TX TX TX', 'TX AP IP AP', 'TX TX TX TX', 'TX TX TX TX'],
  tp: ['TP AX AX AX', 'TP AP IP AP', 'TP TP TP TP', 'TP AP IP AP'],
  d: ['DX DX DX DX', 'DX DX DX DX', 'DX DX DX DX', 'DX DX DX DX'],
  dp: ['DX DX DX DX', 'DX DX DX DX', 'DX DX DX DX', 'DX DX DX DX'],
  a: ['AX AX AX AX', 'AX AP IP AP', 'AX AX AX AX', 'AX AX AX AX'],
  ap: ['AP AX AX AX', 'AP AP IP AP', 'AP AP AP AP', 'AP AP IP AP'],
} as const;

export const STATE_TABLE: readonly StateTableRow[] = Object.entries(BY_ARGUMENT).flatMap(([set, byMode]) =>
  byMode.map((line, index) => {
    const [first = '', good = '', silent = '', goodAgain = ''] = line.split(' ');
    return { set, mode: index as 0 | 1 | 2 | 3, flags: [first, good, silent, goodAgain] as const };
  }),
);
