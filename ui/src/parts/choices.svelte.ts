/** Names that rows had since the page was opened: what a filter offers, even while another one hides most of them. */

import { untrack } from "svelte";
import type { Static } from "../live/decode";

export type Choice = { readonly value: string; readonly label: string };

export class Choices {
  readonly #seen: Map<string, Set<string>>;
  #version = $state.raw(0);

  constructor(fields: readonly string[]) {
    this.#seen = new Map(fields.map((field) => [field, new Set<string>()]));
  }

  /** Take rows in. */
  see(rows: Iterable<Static>): void {
    let hasNews = false;
    for (const row of rows) {
      for (const [field, names] of this.#seen) {
        const name = row[field];
        if (typeof name !== "string" || names.has(name)) continue;
        names.add(name);
        hasNews = true;
      }
    }
    if (hasNews) this.#version = untrack(() => this.#version) + 1;
  }

  /** What can be chosen of a field, in order; the one that is chosen is always among them. */
  of(field: string, chosen: string | null): readonly Choice[] {
    void this.#version;
    const names = new Set(this.#seen.get(field) ?? []);
    if (chosen !== null) names.add(chosen);
    return [...names].sort((one, other) => one.localeCompare(other, undefined, { numeric: true })).map((value) => ({ value, label: value }));
  }
}
