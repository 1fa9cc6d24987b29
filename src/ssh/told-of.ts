import { FshaError, isInterruption } from '../domain/errors.ts';

/** The error, saying whose it is; an interruption and what is no error of fsha's stay as they are. */
export function toldOf(where: string | null, error: unknown): unknown {
  if (where === null || !(error instanceof FshaError) || isInterruption(error)) return error;
  return new FshaError(error.code, `${where}: ${error.message}`, error.hint, error.cause);
}
