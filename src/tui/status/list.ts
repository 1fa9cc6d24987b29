/** The list of nodes as a person goes through it: its order, its filter, what is selected, and what is in sight. */
import { matches, nextOrder, type Order, sorter } from './order.ts';
import type { NodeRow } from './rows.ts';

export interface InSight {
  readonly rows: readonly NodeRow[];
  /** Position of the first of them in all that the filter shows. */
  readonly top: number;
  readonly shown: number;
  /** null where the filter shows nothing. */
  readonly selected: NodeRow | null;
}

export class List {
  readonly #rows: () => readonly NodeRow[];
  readonly #sort: ReturnType<typeof sorter>;
  #order: Order = 'trouble';
  #filter = '';
  /** By name, so that it stays with its node whatever moves; null for the first, whichever that is. */
  #selected: string | null = null;
  /** Where it was last, for a selected node that the filter hides. */
  #index = 0;
  #top = 0;
  #height = 1;
  #sorted: { from: readonly NodeRow[]; order: Order; filter: string; rows: readonly NodeRow[] } | null = null;

  /** @param rows of all nodes; the same array where nothing has changed */
  constructor(names: readonly string[], rows: () => readonly NodeRow[]) {
    this.#rows = rows;
    this.#sort = sorter(names);
  }

  get order(): Order {
    return this.#order;
  }

  get filter(): string {
    return this.#filter;
  }

  set filter(text: string) {
    this.#filter = text;
  }

  nextOrder(): void {
    this.#order = nextOrder(this.#order);
  }

  /** Selects what stands so many lines below; above where it is negative. */
  move(lines: number): void {
    const shown = this.#shown();
    const index = Math.max(0, Math.min(this.#position(shown) + lines, shown.length - 1));
    this.#selected = shown[index]?.node.name ?? this.#selected;
  }

  movePages(pages: number): void {
    this.move(pages * Math.max(1, this.#height - 1));
  }

  /** Whatever stands first, also when that is another node later. */
  moveHome(): void {
    this.#selected = null;
    this.#index = 0;
  }

  moveEnd(): void {
    this.move(this.#rows().length);
  }

  /** null where the filter shows nothing. */
  get selected(): NodeRow | null {
    const shown = this.#shown();
    return shown[this.#position(shown)] ?? null;
  }

  /** What `height` lines show: the selected one is among them. */
  inSight(height: number): InSight {
    const shown = this.#shown();
    const index = this.#position(shown);
    const lowest = Math.max(0, shown.length - height);
    this.#height = height;
    this.#index = index;
    this.#top = Math.min(Math.max(this.#top, index - height + 1), index, lowest);
    return {
      rows: shown.slice(this.#top, this.#top + height),
      top: this.#top,
      shown: shown.length,
      selected: shown[index] ?? null,
    };
  }

  #position(shown: readonly NodeRow[]): number {
    if (this.#selected === null) return 0;
    const index = shown.findIndex(({ node }) => node.name === this.#selected);
    return index === -1 ? Math.max(0, Math.min(this.#index, shown.length - 1)) : index;
  }

  #shown(): readonly NodeRow[] {
    const [from, order, filter] = [this.#rows(), this.#order, this.#filter];
    const before = this.#sorted;
    if (before?.from === from && before.order === order && before.filter === filter) return before.rows;
    const rows = this.#sort(
      from.filter((row) => matches(row, filter)),
      order,
    );
    this.#sorted = { from, order, filter, rows };
    return rows;
  }
}
