/** Columns of tables of positions; group rows among them show totals in the columns that have one. */

import { decimal, price, significant } from "../../format";
import type { Static } from "../../live/decode";
import { dangerOfDistance } from "../../parts/danger";
import type { GridColumn } from "../../parts/grid_columns";
import { href } from "../../router.svelte";
import { groupOf, type GroupRow } from "./group";
import { kinds, w } from "./words";

export type PositionTexts = {
  readonly account_id: string;
  readonly venue: string;
  readonly desk: string | null;
  readonly instrument_id: string;
  readonly venue_symbol: string;
  readonly instrument_kind: string;
  readonly is_inverse: boolean;
  readonly underlying_asset: string;
  readonly settle_asset: string;
  readonly position_side: string;
  readonly quantity: string;
  readonly status: string;
  readonly is_included: boolean;
  readonly is_stale_price: boolean;
  readonly is_inferred: boolean;
};

/** The texts of a position's row of the stream. */
export function positionOf(row: Static): PositionTexts {
  return row as unknown as PositionTexts;
}

/** Long or short, by the sign of the quantity. */
export function sideOf(row: Static): "long" | "short" {
  return String(row["quantity"] ?? "").startsWith("-") ? "short" : "long";
}

export function kindWord(kind: string): string {
  return Object.hasOwn(kinds, kind) ? kinds[kind as keyof typeof kinds] : kind;
}

function notesText(row: Static): string {
  const position = positionOf(row);
  const notes = [
    position.is_included ? null : w.not_included,
    position.is_stale_price ? w.stale_price : null,
    position.is_inferred ? w.inferred : null,
    position.is_inverse ? w.inverse : null,
    position.status === "normal" ? null : position.status,
  ];
  return notes.filter((note) => note !== null).join(" · ");
}

/** Whether a note is of something amiss; that a contract is inverse is none. */
export function hasTrouble(row: Static): boolean {
  const position = positionOf(row);
  return !position.is_included || position.is_stale_price || position.is_inferred || position.status !== "normal";
}

/** Of a group's row nothing: only its title and totals are shown. */
function ofPosition(read: (row: Static) => string): (row: Static) => string {
  return (row) => (groupOf(row) === null ? read(row) : "");
}

function field(name: string): (row: Static) => string {
  return ofPosition((row) => String(row[name] ?? ""));
}

function titleOf(row: Static): string {
  const group = groupOf(row);
  return group === null ? positionOf(row).venue_symbol : group.title;
}

function drawTitle(isFolded: (group: GroupRow) => boolean, count: (group: GroupRow) => string): (element: HTMLElement, slot: number, row: Static) => void {
  return (element, _slot, row) => {
    const group = groupOf(row);
    if (group === null) {
      const words = document.createElement("bdi");
      words.className = "words";
      words.textContent = titleOf(row);
      element.replaceChildren(words);
      return;
    }
    const parts = [document.createElement("i"), document.createElement("bdi"), document.createElement("small")] as const;
    parts[0].className = isFolded(group) ? "fold closed" : "fold";
    parts[1].className = "words title";
    parts[1].textContent = titleOf(row);
    parts[2].textContent = count(group);
    element.replaceChildren(...parts);
  };
}

export type Grouping = {
  readonly isFolded: (group: GroupRow) => boolean;
  /** What stands beside the title of a group. */
  readonly count: (group: GroupRow) => string;
};

type Wish = {
  readonly ofAccount?: boolean;
  /** For a phone: a few columns, and figures first. */
  readonly isNarrow?: boolean;
  /** There are options, so that greeks say something. */
  readonly hasOptions?: boolean;
  readonly grouping?: Grouping;
};

const UNGROUPED: Grouping = { isFolded: () => false, count: () => "" };

/** Derived where it is used, for the words follow the language. `ofAccount` leaves out what is the same in all rows. */
export function positionColumns({ ofAccount = false, isNarrow = false, hasOptions = false, grouping = UNGROUPED }: Wish = {}): GridColumn[] {
  const sideTone = (_: number, row: Static): string => (groupOf(row) === null ? sideOf(row) : "");
  const where: GridColumn[] = [
    { field: "account_id", header: w.account, look: "link", text: field("account_id"), href: (row) => href("accounts", positionOf(row).account_id), width: 146 },
    { field: "desk", header: w.desk, look: "text", text: field("desk"), hidden: true, width: 110 },
  ];
  const quantity: GridColumn = { field: "quantity", header: w.quantity, hint: w.quantity_hint, look: "exact", tone: sideTone, width: 96 };
  const exposure: GridColumn = { field: "exposure_usd", header: w.exposure, hint: w.exposure_hint, look: "usd_signed", tone: "sign", width: 84 };
  const greek = (field: string, header: string, hint: string, width: number): GridColumn => ({ field, header, hint, look: "decimal", format: significant, tone: "sign", hidden: !hasOptions, width });
  return [
    {
      field: "venue_symbol",
      header: w.contract,
      look: "text",
      // Fold and count are part of the value, so that the cell is drawn again when they change.
      text: (row) => {
        const group = groupOf(row);
        return group === null ? titleOf(row) : `${grouping.isFolded(group) ? "▸" : "▾"} ${group.title} · ${grouping.count(group)}`;
      },
      draw: drawTitle(grouping.isFolded, grouping.count),
      pinned: "left",
      width: isNarrow ? 146 : ofAccount ? 132 : 150,
    },
    ...(ofAccount || isNarrow ? [] : where),
    { field: "underlying_asset", header: w.asset, look: "text", text: field("underlying_asset"), hidden: true, width: 70 },
    { field: "instrument_kind", header: w.kind, look: "text", text: ofPosition((row) => kindWord(positionOf(row).instrument_kind)), hidden: true, width: 88 },
    { field: "position_side", header: w.side, look: "text", text: ofPosition((row) => (sideOf(row) === "long" ? w.long : w.short)), tone: sideTone, hidden: isNarrow, width: 52 },
    ...(isNarrow ? [exposure, quantity] : [quantity, exposure]),
    { field: "notional_usd", header: w.notional, hint: w.notional_hint, look: "usd", sort: "desc", width: 84 },
    { field: "entry_price", header: w.entry, look: "exact", width: 130 },
    { field: "mark_price", header: w.mark, look: "price", format: (value) => price(value), width: 84 },
    { field: "unrealized_pnl_usd", header: w.pnl_usd, hint: w.pnl_usd_hint, look: "usd_signed", tone: "sign", width: 80 },
    { field: "unrealized_pnl", header: w.pnl, hint: w.pnl_hint, look: "decimal", format: (value) => decimal(value, 4), tone: "sign", hidden: true, width: 104 },
    greek("delta", w.delta, w.delta_hint, 78),
    greek("gamma", w.gamma, w.gamma_hint, 92),
    greek("vega", w.vega, w.vega_hint, 78),
    greek("theta", w.theta, w.theta_hint, 78),
    { field: "settle_asset", header: w.settle, look: "text", text: field("settle_asset"), hidden: true, width: 80 },
    { field: "liquidation_price", header: w.liquidation_price, hint: w.liquidation_price_hint, look: "exact", width: 132 },
    { field: "venue_liquidation_distance", header: w.venue_distance, hint: w.venue_distance_hint, look: "percent", tone: (value) => dangerOfDistance(value), width: 84 },
    { field: "liquidation_distance", header: w.distance, hint: w.distance_hint, look: "percent", tone: (value) => dangerOfDistance(value), hidden: !ofAccount, width: 84 },
    { field: "leverage_setting", header: w.leverage, hint: w.leverage_hint, look: "exact", hidden: true, width: 72 },
    { field: "initial_margin", header: w.initial_margin, hint: w.venue_margin_hint, look: "exact", hidden: true, width: 110 },
    { field: "maintenance_margin", header: w.maintenance_margin, hint: w.venue_margin_hint, look: "exact", hidden: true, width: 110 },
    { field: "margin_mode", header: w.margin_mode, look: "text", text: field("margin_mode"), hidden: true, width: 80 },
    { field: "venue", header: w.venue, look: "text", text: field("venue"), hidden: true, width: 120 },
    { field: "status", header: w.status, look: "text", text: field("status"), hidden: true, width: 80 },
    ...(isNarrow && !ofAccount ? where : []),
    { field: "ts_venue_s", header: w.updated, hint: w.updated_hint, look: "age", width: 68 },
    { field: "notes", header: w.notes, look: "text", text: ofPosition(notesText), tone: (_, row) => (hasTrouble(row) ? "notice" : "quiet"), flex: 1, width: ofAccount ? 110 : 76 },
  ];
}

/** What a position is found by, in small letters. */
export function haystack(row: Static): string {
  const position = positionOf(row);
  return `${position.venue_symbol} ${position.account_id} ${position.underlying_asset} ${position.desk ?? ""} ${position.instrument_kind}`.toLowerCase();
}
