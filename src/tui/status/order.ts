/** Which nodes are shown, and in which order. */
import type { NodeRow } from './rows.ts';

/** In the order in which a key goes through them. */
export const ORDERS = ['trouble', 'name', 'sessions', 'age'] as const;
export type Order = (typeof ORDERS)[number];

/** What each puts first. */
export const ORDER_WORDS: Readonly<Record<Order, string>> = {
  trouble: 'trouble first',
  name: 'name',
  sessions: 'most sessions first',
  age: 'oldest reading first',
};

export function nextOrder(order: Order): Order {
  return ORDERS[(ORDERS.indexOf(order) + 1) % ORDERS.length] ?? 'trouble';
}

const NAMES = new Intl.Collator('en', { numeric: true });

/** A function that sorts rows; nodes that are alike in what counts stand by name, `node-2` before `node-10`. */
export function sorter(names: readonly string[]): (rows: readonly NodeRow[], order: Order) => NodeRow[] {
  const sorted = [...names].sort((one, other) => NAMES.compare(one, other));
  const places = new Map(sorted.map((name, index) => [name, index]));
  const place = (row: NodeRow): number => places.get(row.node.name) ?? 0;
  return (rows, order) =>
    [...rows].sort((one, other) => compare(one, other, order) || place(one) - place(other));
}

/** What is unknown stands first: it may be anything. */
function compare(one: NodeRow, other: NodeRow, order: Order): number {
  switch (order) {
    case 'name':
      return 0;
    case 'trouble':
      return other.trouble - one.trouble;
    case 'sessions':
      return difference(other.sessionCount ?? Infinity, one.sessionCount ?? Infinity);
    case 'age':
      return difference(one.at ?? -Infinity, other.at ?? -Infinity);
  }
}

function difference(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

/** Part of the name or of a label (`role=edge`), or the beginning of a word of its state: `active` is not `inactive`. */
export function matches(row: NodeRow, filter: string): boolean {
  const wanted = filter.trim().toLowerCase();
  return (
    wanted === '' ||
    row.names.some((name) => name.includes(wanted)) ||
    row.words.some((word) => word.startsWith(wanted))
  );
}
