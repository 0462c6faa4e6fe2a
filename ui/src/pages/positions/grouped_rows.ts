/** Positions with a row at the head of each group; its numbers are the server's sums, none is made here. */

import type { Static } from "../../live/decode";
import type { RowSource } from "../../parts/rows.svelte";
import { groupName, groupOf, TOTALS, type GroupBy } from "./group";

/** Sums of groups as the server has them; NaN where there is none. */
export type Totals = {
  /** Reactive; changes when they do. */
  readonly version: number;
  number(name: string, field: string): number;
  reason(name: string, field: string): Promise<string | null>;
};

/** Slots of groups lie beyond those of all tables, and none is used for two groups. */
let nextSlot = 1e9;

export class GroupedRows implements RowSource {
  readonly #positions: RowSource;
  readonly #by: GroupBy;
  readonly #totals: Totals;
  readonly #titleOf: (name: string) => string;
  readonly #slots = new Map<string, number>();
  #rows: ReadonlyMap<number, Static> = new Map();
  #made = -1;

  constructor(positions: RowSource, by: GroupBy, totals: Totals, titleOf: (name: string) => string) {
    this.#positions = positions;
    this.#by = by;
    this.#totals = totals;
    this.#titleOf = titleOf;
  }

  get version(): number {
    return this.#positions.version + this.#totals.version;
  }

  get structure(): number {
    return this.#positions.structure;
  }

  get rows(): ReadonlyMap<number, Static> {
    const structure = this.#positions.structure;
    if (structure !== this.#made) {
      this.#made = structure;
      this.#rows = this.#merged();
    }
    return this.#rows;
  }

  #merged(): ReadonlyMap<number, Static> {
    const merged = new Map(this.#positions.rows);
    const names = new Set<string>();
    for (const row of this.#positions.rows.values()) names.add(groupName(row, this.#by));
    for (const name of names) {
      let slot = this.#slots.get(name);
      if (slot === undefined) this.#slots.set(name, (slot = nextSlot++));
      merged.set(slot, { group: { name, title: this.#titleOf(name) } });
    }
    return merged;
  }

  #head(slot: number): string | null {
    const row = slot < 1e9 ? undefined : this.rows.get(slot);
    return row === undefined ? null : (groupOf(row)?.name ?? null);
  }

  number(slot: number, field: string): number {
    const name = this.#head(slot);
    if (name === null) return this.#positions.number(slot, field);
    const total = TOTALS[field];
    return total === undefined ? Number.NaN : this.#totals.number(name, total);
  }

  text(slot: number, field: string): string | null {
    return this.#head(slot) === null ? this.#positions.text(slot, field) : null;
  }

  reason(slot: number, field: string): Promise<string | null> {
    const name = this.#head(slot);
    if (name === null) return this.#positions.reason(slot, field);
    const total = TOTALS[field];
    return total === undefined ? Promise.resolve(null) : this.#totals.reason(name, total);
  }
}
