/** Every extension answers, but for those that are made up not to. */
export function routed(destination: string): boolean {
  return destination !== '' && !/^(nosuch|unknown)/.test(destination);
}

/**
 * `bridge…` is a call with a second leg: 1 call, 2 channels, 2 sessions. `ring…bridge` rings with one and has two from
 * its answer.
 */
export function bridged(destination: string): boolean {
  return /^(?:bridge|ring.*bridge)/.test(destination);
}

/**
 * Milliseconds. `ring1500` and `ring1500-…` ring for 1500 ms, `ring-…` until the caller gives up or the control port
 * settles it, whatever the node's own setting.
 */
export function ringTime(destination: string, usual: number): number {
  const asked = /^ring(\d*)(?:-|$)/.exec(destination);
  if (asked === null || destination === 'ring') return usual;
  return asked[1] === '' ? Number.POSITIVE_INFINITY : Number(asked[1]);
}
