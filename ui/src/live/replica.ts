/** The copy of one live table: columns by slot, texts by slot. Plain arrays; what is drawn asks for versions. */

import type { Static, TableMessage } from "./decode";

/** What became of a message; after `gap` the whole table must be asked for. */
export type Applied = "applied" | "gap";

export class Replica {
  /** Counts messages; numbers changed. */
  version = 0;
  /** Counts changes of rows: some came, went, or changed their texts. */
  structure = 0;
  sequence: number | null = null;
  /** When the numbers are of, UTC seconds by the server's clock. */
  at: number | null = null;
  nLeftOut = 0;
  readonly rows = new Map<number, Static>();
  readonly #columns = new Map<string, Float64Array>();

  /** Whether there ever was a whole one. */
  get isFilled(): boolean {
    return this.sequence !== null;
  }

  /** A live number; NaN where there is none. */
  number(slot: number, column: string): number {
    return this.#columns.get(column)?.[slot] ?? Number.NaN;
  }

  /** Names of the live columns. */
  get columns(): readonly string[] {
    return [...this.#columns.keys()];
  }

  /** Take a message in, unless it patches another state than this one. */
  apply(message: TableMessage): Applied {
    const isWhole = message.base === null;
    if (!isWhole && message.base !== this.sequence) return "gap";
    if (isWhole) this.#columns.clear();
    const changesRows = this.#applyRows(message, isWhole);
    for (const block of message.blocks) {
      const column = this.#column(block.column, message.size);
      if (block.kind === "dense") column.set(block.values);
      else for (let at = 0; at < block.slots.length; at += 1) column[block.slots[at] ?? 0] = block.values[at] ?? Number.NaN;
    }
    this.sequence = message.sequence;
    this.at = message.at_ns / 1e9;
    this.nLeftOut = message.n_left_out;
    this.version += 1;
    if (changesRows) this.structure += 1;
    return "applied";
  }

  #applyRows(message: TableMessage, isWhole: boolean): boolean {
    if (isWhole) this.rows.clear();
    for (const slot of message.gone) this.rows.delete(slot);
    for (const [slot, row] of message.set) this.rows.set(slot, row);
    return isWhole || message.gone.length > 0 || message.set.length > 0;
  }

  #column(name: string, size: number): Float64Array {
    const there = this.#columns.get(name);
    if (there !== undefined && there.length >= size) return there;
    const column = new Float64Array(size).fill(Number.NaN);
    if (there !== undefined) column.set(there);
    this.#columns.set(name, column);
    return column;
  }
}
