/** Rows of groups among rows of positions: which group a position is of, and in which order they stand. */

import type { Static } from "../../live/decode";

export const GROUPS = ["account", "asset", "desk"] as const;

export type GroupBy = (typeof GROUPS)[number];

export function isGroupBy(text: string | null): text is GroupBy {
  return text !== null && (GROUPS as readonly string[]).includes(text);
}

/** A row that heads a group; `name` is "" where the positions of it have none. */
export type GroupRow = { readonly name: string; readonly title: string };

const FIELD: Readonly<Record<GroupBy, string>> = { account: "account_id", asset: "underlying_asset", desk: "desk" };

/** Columns of positions, and the sums of the server that stand in them in a group's row. */
export const TOTALS: Readonly<Record<string, string>> = {
  exposure_usd: "net_usd",
  notional_usd: "gross_usd",
  unrealized_pnl_usd: "unrealized_pnl_usd",
};

/** The group that a row heads; null of a position. */
export function groupOf(row: Static): GroupRow | null {
  return (row["group"] as GroupRow | undefined) ?? null;
}

/** The name of the group that a position is in; "" for none. */
export function groupName(row: Static, by: GroupBy): string {
  const name = row[FIELD[by]];
  return typeof name === "string" ? name : "";
}

/**
 * Put sorted rows into their groups: groups in the order of the rows that head them, rows in a group as they were.
 *
 * `heads` says of a row which group it heads, `member` in which it is; rows whose group has no head come last.
 */
export function inGroups<Row>(rows: readonly Row[], heads: (row: Row) => string | null, member: (row: Row) => string): Row[] {
  const groups = new Map<string, { head: Row | null; rows: Row[] }>();
  const order: string[] = [];
  const group = (name: string): { head: Row | null; rows: Row[] } => {
    let found = groups.get(name);
    if (found === undefined) groups.set(name, (found = { head: null, rows: [] }));
    return found;
  };
  for (const row of rows) {
    const name = heads(row);
    if (name === null) group(member(row)).rows.push(row);
    else {
      group(name).head = row;
      order.push(name);
    }
  }
  const headless = [...groups].filter(([, { head }]) => head === null).map(([name]) => name);
  return [...order, ...headless].flatMap((name) => {
    const { head, rows: members } = group(name);
    return head === null ? members : [head, ...members];
  });
}
