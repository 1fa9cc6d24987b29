const FIVE_MINUTES_MS = 300_000;

/** FreeSWITCH's session figures: how many now, since the start, and at most. */
export class SessionCounters {
  active = 0;
  total = 0;
  peak = 0;
  peakFiveMinutes = 0;
  ratePeak = 0;
  ratePeakFiveMinutes = 0;
  #second = 0;
  #inSecond = 0;
  #fiveMinutesFrom = Date.now();

  started(): void {
    this.#roll();
    this.active += 1;
    this.total += 1;
    this.#inSecond += 1;
    this.peak = Math.max(this.peak, this.active);
    this.peakFiveMinutes = Math.max(this.peakFiveMinutes, this.active);
    this.ratePeak = Math.max(this.ratePeak, this.#inSecond);
    this.ratePeakFiveMinutes = Math.max(this.ratePeakFiveMinutes, this.#inSecond);
  }

  ended(): void {
    this.active -= 1;
  }

  /** Sessions that began in this second. */
  get rate(): number {
    this.#roll();
    return this.#inSecond;
  }

  #roll(): void {
    const now = Date.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    if (now - this.#fiveMinutesFrom >= FIVE_MINUTES_MS) {
      this.#fiveMinutesFrom = now;
      this.peakFiveMinutes = this.active;
      this.ratePeakFiveMinutes = this.#inSecond;
    }
  }
}
