import { closeSync, openSync, writeSync } from 'node:fs';

const KEPT = 20_000;

/** One new INVITE: when it came (wall clock, milliseconds) and what it got in the end. */
export interface SeenInvite {
  readonly at: number;
  readonly callId: string;
  readonly code: number;
}

/**
 * Every new INVITE, in memory for `stats` and as JSON lines in a file that outlives the process:
 * `{"at":…,"event":"start","coreUuid":…}`, `{"at":…,"event":"invite","callId":…,"code":…}` (written when its final
 * answer goes out, stamped when it came), `{"at":…,"event":"stop","coreUuid":…,"cut":…}`.
 */
export class InviteLog {
  readonly seen: SeenInvite[] = [];
  #file: number | undefined;

  constructor(path: string | undefined) {
    this.#file = path === undefined ? undefined : openSync(path, 'a');
  }

  started(coreUuid: string): void {
    this.#append({ at: Date.now(), event: 'start', coreUuid });
  }

  invite(invite: SeenInvite): void {
    this.seen.push(invite);
    if (this.seen.length > KEPT) this.seen.splice(0, KEPT / 10);
    this.#append({ at: invite.at, event: 'invite', callId: invite.callId, code: invite.code });
  }

  stopped(coreUuid: string, cut: number): void {
    this.#append({ at: Date.now(), event: 'stop', coreUuid, cut });
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  // Written at once: a kill -9 must not take lines along.
  #append(line: object): void {
    if (this.#file !== undefined) writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}
