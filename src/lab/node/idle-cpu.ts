import { cpus } from 'node:os';

/** The machine's idle share in percent since the last look, as FreeSWITCH reports it. */
export class IdleCpu {
  #idle = 0;
  #total = 0;
  #percent = 100;

  percent(): number {
    let idle = 0;
    let total = 0;
    for (const { times } of cpus()) {
      idle += times.idle;
      total += times.user + times.nice + times.sys + times.irq + times.idle;
    }
    // Two looks within one tick of the kernel have nothing to divide by.
    if (total - this.#total >= 100) {
      this.#percent = (100 * (idle - this.#idle)) / (total - this.#total);
      this.#idle = idle;
      this.#total = total;
    }
    return this.#percent;
  }
}
