export const NARROW: string;
export function replaced(contents: string, pattern: RegExp, replacement: string): string;
export function bundle(outdir: string, entryPoints?: Readonly<Record<string, string>>): Promise<void>;
