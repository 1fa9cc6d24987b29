/** RFC 3261's timers for UDP. */

export const T1_MS = 500;
const T2_MS = 4_000;

/** Sends now and again after 0.5 s, 1 s, 2 s … (never more than 4 s apart) until it is stopped. */
export function startRetransmission(send: () => void): { stop(): void } {
  let interval = T1_MS;
  let timer = setTimeout(again, interval);
  send();
  function again(): void {
    send();
    interval = Math.min(interval * 2, T2_MS);
    timer = setTimeout(again, interval);
  }
  return { stop: () => clearTimeout(timer) };
}
