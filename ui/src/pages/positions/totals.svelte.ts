/** The server's sums of groups: of accounts from the live table of accounts, of coins and desks from documents of exposure. */

import { useDocument } from "../../live/documents.svelte";
import { useTable } from "../../live/tables.svelte";
import { liveRows } from "../../parts/rows.svelte";
import { answerOf, reasonIn } from "../../parts/reasons";
import type { GroupBy } from "./group";
import type { Totals } from "./grouped_rows";

type Row = { readonly name: string | null; readonly n_unvalued: number; readonly n_left_out?: number | null };

export type GroupTotals = Totals & {
  /** How many positions and accounts a sum leaves out; 0 where that is not told. */
  nLeftOut(name: string): number;
};

/** Follow the sums of the groups that are shown. Call it where a component begins; `by` is a function of reactive state. */
export function useTotals(by: () => GroupBy | null): { readonly current: GroupTotals | null } {
  const accounts = useTable(() => (by() === "account" ? "accounts" : null));
  const exposure = useDocument(() => {
    const group = by();
    return group === "asset" || group === "desk" ? (`exposure?by=${group}` as const) : null;
  });
  const byName = $derived(new Map((exposure.current?.rows ?? []).map((row) => [row.name ?? "", row as Row])));
  const slots = $derived.by(() => {
    void accounts.current?.structure;
    return new Map([...(accounts.current?.rows ?? [])].map(([slot, row]) => [String(row["account_id"]), slot]));
  });

  const ofAccounts = $derived.by((): GroupTotals | null => {
    const table = accounts.current;
    if (table === null) return null;
    const source = liveRows(table);
    return {
      get version() {
        return table.version;
      },
      number: (name, field) => {
        const slot = slots.get(name);
        return slot === undefined ? Number.NaN : source.number(slot, field);
      },
      reason: (name, field) => {
        const slot = slots.get(name);
        return slot === undefined ? Promise.resolve(null) : source.reason(slot, field);
      },
      nLeftOut: () => 0,
    };
  });
  const ofExposure: GroupTotals = {
    get version() {
      return exposure.current?.sequence ?? 0;
    },
    number: (name, field) => answerOf(byName.get(name) as Record<string, never> | undefined, field),
    reason: (name, field) => Promise.resolve(reasonIn(byName.get(name) as Record<string, never> | undefined, field)),
    nLeftOut: (name) => (byName.get(name)?.n_unvalued ?? 0) + (byName.get(name)?.n_left_out ?? 0),
  };

  return {
    get current() {
      const group = by();
      if (group === null) return null;
      return group === "account" ? ofAccounts : ofExposure;
    },
  };
}
