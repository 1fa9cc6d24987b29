/** Numbers with their noun. */

/** `1 call`, `2 calls`; `plural` where it is not made with an s. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
