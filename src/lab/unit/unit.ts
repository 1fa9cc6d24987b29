import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Like systemd's default for the lab: a child that does not end by itself in that time is killed. */
const STOP_TIMEOUT_MS = 10_000;
const RESTART_DELAY_MS = 100;

export interface UnitConfig {
  readonly name: string;
  readonly command: readonly string[];
  /** Path of the unix socket that takes the commands. */
  readonly socket: string;
  /** Where the child's output goes, appended. */
  readonly logFile: string;
  /** The unit is ready once the child has printed a line that matches. */
  readonly readyPattern?: string;
  /** `Restart=always`: a child that ended without being told to comes back. */
  readonly restartAlways?: boolean;
  /** From SIGTERM to SIGKILL, 10 s by default. */
  readonly stopTimeoutMs?: number;
}

export interface UnitStatus {
  readonly ok: boolean;
  readonly name: string;
  readonly state: 'active' | 'inactive' | 'failed';
  readonly ready: boolean;
  readonly pid: number | null;
  /** How often the child was started. */
  readonly starts: number;
  readonly exit: string | null;
  readonly error?: string;
}

/** One process under a systemd of its own. Commands are carried out one after the other; kill does not wait. */
export class Unit {
  readonly #config: UnitConfig;
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #wanted = false;
  #starts = 0;
  #exit: string | null = null;
  #failed = false;
  #logFrom = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(config: UnitConfig) {
    this.#config = config;
  }

  async command(verb: string): Promise<UnitStatus> {
    switch (verb) {
      case 'status':
        return this.status();
      case 'kill':
        this.#child?.kill('SIGKILL');
        await this.#gone;
        return this.status();
      case 'start':
        return this.#queued(() => this.#start());
      case 'stop':
        return this.#queued(() => this.#stop());
      case 'restart':
        return this.#queued(async () => {
          await this.#stop();
          await this.#start();
        });
      default:
        return { ...this.status(), ok: false, error: `no command ${verb}` };
    }
  }

  status(): UnitStatus {
    const up = this.#child !== undefined;
    return {
      ok: true,
      name: this.#config.name,
      state: up ? 'active' : this.#failed ? 'failed' : 'inactive',
      ready: up && this.#isReady(),
      pid: this.#child?.pid ?? null,
      starts: this.#starts,
      exit: this.#exit,
    };
  }

  #queued(work: () => Promise<void>): Promise<UnitStatus> {
    const done = this.#turn.then(work).then(
      () => this.status(),
      (error: unknown) => ({ ...this.status(), ok: false, error: String(error) }),
    );
    this.#turn = done;
    return done;
  }

  /** Resolves when the process exists; whether it is ready is another matter, as with systemctl. */
  async #start(): Promise<void> {
    this.#wanted = true;
    if (this.#child) return;
    const [program = '', ...args] = this.#config.command;
    const log = openSync(this.#config.logFile, 'a');
    this.#logFrom = readFileSync(this.#config.logFile).length;
    // The child's stdin ends when this process does, however it ends: a sign to go for those that heed it.
    const child = spawn(program, args, { stdio: ['pipe', log, log] });
    closeSync(log);
    // A child that is gone does not read; that is no error of the unit's.
    child.stdin?.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    this.#child = child;
    this.#starts += 1;
    this.#gone = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#ended(signal ?? String(code), code === 0 || !this.#wanted);
        resolve();
      });
    });
  }

  #ended(exit: string, well: boolean): void {
    this.#child = undefined;
    this.#exit = exit;
    this.#failed = !well;
    if (!this.#wanted || this.#config.restartAlways !== true) return;
    void this.#queued(async () => {
      await sleep(RESTART_DELAY_MS);
      if (this.#wanted) await this.#start();
    });
  }

  async #stop(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (!child) return;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), this.#config.stopTimeoutMs ?? STOP_TIMEOUT_MS);
    await this.#gone;
    clearTimeout(late);
  }

  #isReady(): boolean {
    if (this.#config.readyPattern === undefined) return true;
    const printed = readFileSync(this.#config.logFile).subarray(this.#logFrom).toString('utf8');
    return new RegExp(this.#config.readyPattern, 'm').test(printed);
  }
}
