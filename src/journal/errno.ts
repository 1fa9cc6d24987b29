/** Whether the operating system refused it, and not fsha. */
export function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}

/** Whether it was refused for one of these reasons: `ENOENT`. */
export function isErrnoOf(error: unknown, ...codes: readonly string[]): boolean {
  return isErrno(error) && codes.includes(error.code ?? '');
}
