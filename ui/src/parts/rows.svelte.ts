/** Where a grid has its rows from: a live table, or the rows of a document. */

import type { Static } from "../live/decode";
import { reasonOf } from "../live/reasons";
import { LiveTable } from "../live/tables.svelte";
import { answerOf, reasonIn } from "./reasons";

/** Rows by slot: a small number that stays with a row while it is there. */
export type RowSource = {
  readonly rows: ReadonlyMap<number, Static>;
  /** Reactive; changes when numbers do. */
  readonly version: number;
  /** Reactive; changes when rows come, go or change their texts. */
  readonly structure: number;
  number(slot: number, field: string): number;
  text(slot: number, field: string): string | null;
  reason(slot: number, field: string): Promise<string | null>;
};

/** A live table as a source. */
export function liveRows(table: LiveTable): RowSource {
  return {
    get rows() {
      return table.rows;
    },
    get version() {
      return table.version;
    },
    get structure() {
      return table.structure;
    },
    number: (slot, field) => table.number(slot, field),
    text: (slot, field) => table.text(slot, field),
    reason: (slot, field) => reasonOf(table, slot, field),
  };
}

/** Rows of a document as a source; a row keeps its slot by its key. Feed it from an effect. */
export class DocumentRows<Row extends object> implements RowSource {
  readonly rows = new Map<number, Static>();
  version = $state.raw(0);
  structure = $state.raw(0);
  readonly #slots = new Map<string, number>();
  readonly #key: (row: Row) => string;
  #next = 0;

  constructor(key: (row: Row) => string) {
    this.#key = key;
  }

  /** Take the rows as they are now. */
  update(rows: readonly Row[]): void {
    const seen = new Set<string>();
    for (const row of rows) {
      const key = this.#key(row);
      seen.add(key);
      let slot = this.#slots.get(key);
      if (slot === undefined) this.#slots.set(key, (slot = this.#next++));
      this.rows.set(slot, row as Static);
    }
    for (const [key, slot] of this.#slots) {
      if (seen.has(key)) continue;
      this.#slots.delete(key);
      this.rows.delete(slot);
    }
    this.#count();
  }

  #count = (): void => {
    this.#changes += 1;
    this.version = this.#changes;
    this.structure = this.#changes;
  };
  #changes = 0;

  number(slot: number, field: string): number {
    return answerOf(this.rows.get(slot) as Record<string, never> | undefined, field);
  }

  text(slot: number, field: string): string | null {
    const value = this.rows.get(slot)?.[field];
    return value == null ? null : String(value);
  }

  reason(slot: number, field: string): Promise<string | null> {
    return Promise.resolve(reasonIn(this.rows.get(slot) as { reasons?: Record<string, string> } | undefined, field));
  }
}
