/** Every extension answers, but for those that are made up not to. */
export function routed(destination: string): boolean {
  return destination !== '' && !/^(nosuch|unknown)/.test(destination);
}

/** `bridge…` is a call with a second leg: 1 call, 2 channels, 2 sessions. */
export function bridged(destination: string): boolean {
  return destination.startsWith('bridge');
}

/** `ring1500` rings for 1500 ms, whatever the node's own setting. */
export function ringTime(destination: string, usual: number): number {
  const asked = /^ring(\d+)$/.exec(destination);
  return asked ? Number(asked[1]) : usual;
}
