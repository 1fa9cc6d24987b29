import { appendFileSync } from 'node:fs';
import { afterAll } from 'vitest';
import { finalState } from './final-state.ts';
import type { RealCluster } from './real-cluster.ts';

export interface CaseRow {
  /** What went wrong: `lb-2's RPC is silent from before the start`. */
  readonly case: string;
  /** What fsha did: `refused`, `gave the node back`. */
  readonly did: string;
  /** As `finalState` reads it. */
  readonly state: string;
  readonly exit: number | string | null;
}

const HEADS = { case: 'case', did: 'fsha', state: 'final state, from the servers', exit: 'exit' } as const;

/**
 * The rows of a file's tests, printed as one table when all of them have ended, whatever became of them. Where
 * FSHA_CASES names a file, each row is appended to it as a JSON line with the title.
 */
export function caseTable(title: string): { add(row: CaseRow): void } {
  const rows: CaseRow[] = [];
  afterAll(() => {
    if (rows.length > 0) console.log(`${title}\n${tableText(rows)}`);
    const file = process.env['FSHA_CASES'];
    if (file !== undefined && file !== '') appendCases(file, title, rows);
  });
  return { add: (row) => void rows.push(row) };
}

/** The same, with final states read from the servers as a row is added. */
export function troubleTable(title: string, cluster: () => RealCluster) {
  const table = caseTable(title);
  return {
    /** @returns the final state, for the assertion */
    add: async (
      what: string,
      did: string,
      ended: { readonly exitCode: number | null } | CaseRow['exit'],
    ): Promise<string> => {
      const state = await finalState(cluster());
      const exit = typeof ended === 'object' && ended !== null ? ended.exitCode : ended;
      table.add({ case: what, did, state, exit });
      return state;
    },
  };
}

/** One JSON line a row; files of several workers may be appended to at once. */
export function appendCases(file: string, title: string, rows: readonly CaseRow[]): void {
  appendFileSync(file, rows.map((row) => `${JSON.stringify({ title, ...row })}\n`).join(''));
}

/** Columns as wide as their widest cell. */
export function tableText(rows: readonly CaseRow[]): string {
  const keys = ['case', 'did', 'state', 'exit'] as const;
  const cells = [HEADS, ...rows].map((row) => keys.map((key) => String(row[key] ?? '-')));
  const widths = keys.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells
    .map((line) => `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}
