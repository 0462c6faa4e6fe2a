import { expect, test } from "vitest";
import type { Static } from "../src/live/decode";
import { accountFilter } from "../src/pages/accounts/wanted";
import { stateTone, stateWord } from "../src/pages/accounts/state";
import { hasTrouble, positionColumns, sideOf } from "../src/pages/positions/columns";
import { groupName, groupOf, inGroups } from "../src/pages/positions/group";
import { GroupedRows, type Totals } from "../src/pages/positions/grouped_rows";
import { isFolded, positionFilter, readFolds, toggled } from "../src/pages/positions/wanted";
import { DocumentRows } from "../src/parts/rows.svelte";

type Position = { account_id: string; venue_symbol: string; underlying_asset: string; desk: string | null; instrument_kind: string; quantity: string; exposure_usd: number };

function position(account: string, asset: string, quantity: string, desk: string | null = "d"): Position {
  return { account_id: account, venue_symbol: `${asset}USDT`, underlying_asset: asset, desk, instrument_kind: "perpetual", quantity, exposure_usd: Number(quantity) };
}

function source(...rows: Position[]): DocumentRows<Position> {
  const made = new DocumentRows<Position>((row) => `${row.account_id} ${row.venue_symbol}`);
  made.update(rows);
  return made;
}

const SERVER: Totals = {
  version: 1,
  number: (name, field) => (name === "BTC" && field === "net_usd" ? 123 : Number.NaN),
  reason: (name, field) => Promise.resolve(`${name} ${field}`),
};

test("groups stand in the order of their heads, rows in a group as they were sorted", () => {
  const rows = ["b2", "B", "a1", "x9", "A", "b1", "a2"];
  const ordered = inGroups(
    rows,
    (row) => (row.length === 1 ? row.toLowerCase() : null),
    (row) => row[0] ?? "",
  );
  expect(ordered).toEqual(["B", "b2", "b1", "A", "a1", "a2", "x9"]);
});

test("a group's row has the server's sum, and none is made of its rows", async () => {
  const grouped = new GroupedRows(source(position("a", "BTC", "1"), position("b", "BTC", "2"), position("a", "ETH", "-3")), "asset", SERVER, (name) => name);
  const heads = [...grouped.rows].filter(([, row]) => groupOf(row) !== null);
  expect(heads.map(([, row]) => groupOf(row)?.name)).toEqual(["BTC", "ETH"]);
  const [btc, eth] = heads.map(([slot]) => slot);
  expect(grouped.number(btc ?? 0, "exposure_usd")).toBe(123);
  expect(grouped.number(eth ?? 0, "exposure_usd")).toBeNaN();
  expect(grouped.number(btc ?? 0, "mark_price")).toBeNaN();
  expect(await grouped.reason(eth ?? 0, "notional_usd")).toBe("ETH gross_usd");
  expect(grouped.rows.size).toBe(5);
});

test("a group keeps its slot while positions come and go", () => {
  const positions = source(position("a", "BTC", "1"));
  const grouped = new GroupedRows(positions, "asset", SERVER, (name) => name);
  const slotOf = (name: string): number | undefined => [...grouped.rows].find(([, row]) => groupOf(row)?.name === name)?.[0];
  const before = slotOf("BTC");
  positions.update([position("c", "ETH", "1"), position("c", "BTC", "1")]);
  expect(slotOf("BTC")).toBe(before);
  expect(slotOf("ETH")).not.toBe(before);
});

test("a position without a desk is in the group without a name", () => {
  expect(groupName(position("a", "BTC", "1", null) as unknown as Static, "desk")).toBe("");
});

test("all words must occur, and side and kind must fit", () => {
  const long = position("mm-1", "BTC", "1") as unknown as Static;
  const short = position("mm-1", "BTC", "-0.00001") as unknown as Static;
  expect([long, short].map(sideOf)).toEqual(["long", "short"]);
  expect(positionFilter({ words: " ", side: null, kind: null })).toBeNull();
  const wanted = positionFilter({ words: "MM btc", side: "short", kind: null });
  expect([long, short].map((row) => wanted?.(row))).toEqual([false, true]);
  expect(positionFilter({ words: "mm eth", side: null, kind: null })?.(long)).toBe(false);
  expect(positionFilter({ words: "", side: null, kind: "option" })?.(long)).toBe(false);
});

test("what is folded comes back from the address, whatever a group is called", () => {
  const name = "a,b%/é ?";
  const once = toggled(readFolds(null, null), name);
  expect(isFolded(readFolds(null, once), name)).toBe(true);
  expect(isFolded(readFolds(null, once), "other")).toBe(false);
  expect(isFolded(readFolds("1", once), name)).toBe(false);
  expect(isFolded(readFolds("1", once), "other")).toBe(true);
  expect(toggled(readFolds(null, once), name)).toBe("");
});

test("an account that does not count is never shown as if it did", () => {
  expect(stateTone({ link_state: "streaming", is_included: true })).toBe("good");
  expect(stateTone({ link_state: "streaming", is_included: false })).toBe("notice");
  expect(stateWord({ link_state: "streaming", is_included: false })).toBe("stale");
  expect(stateTone({ link_state: "lost", is_included: false })).toBe("critical");
  expect(stateWord({ link_state: "something new", is_included: true })).toBe("something new");
});

test("accounts are found by name, desk, owner and tag, and by how they are heard", () => {
  const row = { account_id: "mm-1", desk: "arb", owner: "Fund", venue: "bybit", tags: ["delta"], link_state: "lost", is_included: false } as Static;
  expect(accountFilter("", null)).toBeNull();
  for (const words of ["MM", "arb fund", "delta bybit"]) expect(accountFilter(words, null)?.(row)).toBe(true);
  expect(accountFilter("mm nobody", null)?.(row)).toBe(false);
  expect(accountFilter("", "excluded")?.(row)).toBe(true);
  expect(accountFilter("", "included")?.(row)).toBe(false);
  expect(accountFilter("", "lost")?.(row)).toBe(true);
});

test("the columns that are shown at first fit a page 1440 wide, its rail and its scroll bar", () => {
  for (const ofAccount of [false, true]) {
    const columns = positionColumns({ ofAccount }).filter((column) => column.hidden !== true);
    // On the page of an account the table stands in a panel.
    expect(columns.reduce((sum, column) => sum + (column.width ?? Number.NaN), 0)).toBeLessThanOrEqual(1440 - 160 - (ofAccount ? 30 : 12));
  }
  const shown = positionColumns().filter((column) => column.hidden !== true);
  const names = shown.map((column) => column.field);
  for (const needed of ["account_id", "quantity", "mark_price", "unrealized_pnl_usd", "liquidation_price", "notes"]) expect(names).toContain(needed);
});

test("only what is amiss is loud among the notes", () => {
  const fine = { is_included: true, is_stale_price: false, is_inferred: false, is_inverse: true, status: "normal" };
  expect(hasTrouble(fine as unknown as Static)).toBe(false);
  for (const amiss of [{ is_included: false }, { is_stale_price: true }, { is_inferred: true }, { status: "liquidating" }]) {
    expect(hasTrouble({ ...fine, ...amiss } as unknown as Static)).toBe(true);
  }
});
