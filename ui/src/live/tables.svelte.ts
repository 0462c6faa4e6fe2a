/** Live tables: numbers of all rows up to ten times a second, drawn from a plain copy. */

import { connection } from "./connection.svelte";
import type { Static } from "./decode";
import { Replica } from "./replica";

export type TableName = "accounts" | "positions";
export type TableTopic = TableName | `${TableName}?${string}`;

export class LiveTable {
  readonly replica = new Replica();
  readonly topic: string;
  /** Changes with every message. Reactive; read it where numbers are drawn. */
  version = $state.raw(0);
  /** Changes when rows come, go or change their texts. Reactive. */
  structure = $state.raw(0);
  error = $state.raw<string | null>(null);

  constructor(topic: string) {
    this.topic = topic;
  }

  /** Slots and texts of all rows; follow `structure` for changes. */
  get rows(): ReadonlyMap<number, Static> {
    return this.replica.rows;
  }

  /** A live number: NaN missing, +Infinity none within range, −Infinity not applicable. */
  number(slot: number, column: string): number {
    return this.replica.number(slot, column);
  }

  /** A text of a row; null if there is none. */
  text(slot: number, field: string): string | null {
    const value = this.replica.rows.get(slot)?.[field];
    return value == null ? null : String(value);
  }

  listen(): () => void {
    return connection.listen(this.topic, {
      table: (message) => {
        if (this.replica.apply(message) === "gap") {
          connection.resync(this.topic);
          return;
        }
        this.version = this.replica.version;
        this.structure = this.replica.structure;
        this.error = null;
      },
      failed: (reason) => {
        this.error = reason;
      },
    });
  }
}

/** Tables that are on the page now, each once however many show it. */
const shown = new Map<string, { table: LiveTable; users: number; stop: () => void }>();

function acquire(topic: string): LiveTable {
  let held = shown.get(topic);
  if (held === undefined) {
    const table = new LiveTable(topic);
    shown.set(topic, (held = { table, users: 0, stop: table.listen() }));
  }
  held.users += 1;
  return held.table;
}

function release(topic: string): void {
  const held = shown.get(topic);
  if (held === undefined || --held.users > 0) return;
  held.stop();
  shown.delete(topic);
}

/**
 * Follow a live table while the component is on the page; `current` is null until it is followed.
 *
 * `topic` may be a text, or a function of reactive state (null: nothing is wanted now).
 */
export function useTable(topic: TableTopic | (() => TableTopic | null)): { readonly current: LiveTable | null } {
  let current = $state.raw<LiveTable | null>(null);
  const asked = $derived(typeof topic === "function" ? topic() : topic);
  $effect(() => {
    const wanted = asked;
    if (wanted === null) return undefined;
    current = acquire(wanted);
    return () => {
      release(wanted);
      current = null;
    };
  });
  return {
    get current() {
      return current;
    },
  };
}
