/** Columns of the table of accounts. */

import { decimal, percent, price } from "../../format";
import type { Static } from "../../live/decode";
import { dangerOfDistance, toneOfRisk } from "../../parts/danger";
import type { GridColumn } from "../../parts/grid_columns";
import { w as parts } from "../../parts/words";
import { href } from "../../router.svelte";
import { errorText } from "../account/detail";
import { sentence } from "../../words/glossary.svelte";
import { stateTone, stateWord } from "./state";
import { w } from "./words";

type Texts = {
  readonly account_id: string;
  readonly link_state: string;
  readonly is_included: boolean;
  readonly is_fresh: boolean;
  readonly is_stale_price: boolean;
  readonly has_unsafe_key: boolean;
  readonly is_estimated: boolean;
  readonly tags: readonly string[];
  readonly reason: string | null;
};

/** The texts of a row of the stream. */
export function textsOf(row: Static): Texts {
  return row as unknown as Texts;
}

/** The state, and of an account that does not count the reason. */
function stateText(row: Static): string {
  const texts = textsOf(row);
  return texts.is_included || texts.reason === null ? stateWord(texts) : `${stateWord(texts)} · ${sentence(texts.reason)}`;
}

export function flagsText(row: Static): string {
  const texts = textsOf(row);
  const flags = [
    texts.has_unsafe_key ? w.unsafe_key : null,
    texts.is_stale_price ? w.stale_price : null,
    texts.is_estimated ? w.estimated : null,
  ];
  return flags.filter((flag) => flag !== null).join(" · ");
}

/** What somebody should do something about is not quiet. */
export function flagsTone(row: Static): "notice" | "quiet" {
  const texts = textsOf(row);
  return texts.has_unsafe_key || texts.is_stale_price ? "notice" : "quiet";
}

function riskText(row: Static): string {
  const level = row["risk_level"];
  if (level === "LOW") return parts.risk_low;
  if (level === "MEDIUM") return parts.risk_medium;
  return level === "HIGH" ? parts.risk_high : "—";
}

/** A dot in the color of the state, and the words. */
function drawState(element: HTMLElement, _slot: number, row: Static): void {
  let dot = element.querySelector("i");
  let words = element.querySelector("span");
  if (dot === null || words === null) {
    dot = document.createElement("i");
    words = document.createElement("span");
    element.replaceChildren(dot, words);
  }
  dot.className = `dot ${stateTone(textsOf(row))}`;
  words.className = "words";
  words.textContent = stateText(row);
}

function drawRisk(element: HTMLElement, _slot: number, row: Static): void {
  let badge = element.querySelector("span");
  if (badge === null) element.replaceChildren((badge = document.createElement("span")));
  const level = row["risk_level"];
  badge.className = typeof level === "string" ? `chip ${toneOfRisk(level)}` : "chip none";
  badge.textContent = riskText(row);
}

function byDistance(value: number): string {
  return dangerOfDistance(value);
}

/** Derived where it is used, for the words follow the language. */
export function accountColumns(): GridColumn[] {
  return [
    { field: "account_id", header: w.account, look: "link", href: (row) => href("accounts", textsOf(row).account_id), pinned: "left", width: 164 },
    { field: "link_state", header: w.state, look: "text", text: stateText, draw: drawState, width: 128 },
    { field: "maintenance_margin_usage", header: w.maintenance_usage, hint: w.maintenance_usage_hint, look: "usage", sort: "desc", width: 132 },
    { field: "initial_margin_usage", header: w.initial_usage, hint: w.initial_usage_hint, look: "usage", width: 132 },
    { field: "liquidation_distance", header: w.distance, hint: w.distance_hint, look: "percent", tone: byDistance, width: 84 },
    { field: "liquidation_btc_price", header: w.liquidation_price, hint: w.liquidation_price_hint, look: "price", format: (value) => price(value), width: 98 },
    { field: "risk_score", header: w.risk, look: "integer", draw: drawRisk, width: 76 },
    { field: "equity_usd", header: w.equity, look: "usd", width: 86 },
    { field: "adjusted_equity_usd", header: w.adjusted_equity, hint: w.adjusted_equity_hint, look: "usd", width: 96 },
    { field: "free_usd", header: w.free, look: "usd", width: 80 },
    { field: "effective_leverage", header: w.leverage, hint: w.leverage_hint, look: "multiple", width: 84 },
    { field: "net_usd", header: w.net, hint: w.net_hint, look: "usd_signed", tone: "sign", width: 84 },
    { field: "gross_usd", header: w.gross, look: "usd", width: 80 },
    { field: "hedge_ratio", header: w.hedge_ratio, hint: w.hedge_ratio_hint, look: "percent", format: (value) => percent(value, 0), width: 82 },
    { field: "unrealized_pnl_usd", header: w.unrealized, look: "usd_signed", tone: "sign", width: 94 },
    { field: "liquidation_distance_down", header: w.down, hint: w.distance_hint, look: "percent", tone: byDistance, width: 76 },
    { field: "liquidation_distance_up", header: w.up, hint: w.distance_hint, look: "percent", tone: byDistance, width: 76 },
    { field: "nearest_coin", header: w.coin, look: "text", width: 92 },
    { field: "nearest_coin_distance", header: w.coin_distance, hint: w.coin_distance_hint, look: "percent", tone: byDistance, width: 80 },
    { field: "liquidation_distance_sigmas", header: w.sigmas, hint: w.sigmas_hint, look: "decimal", format: (value) => decimal(value, 1), width: 64 },
    { field: "liquidation_probability_1h", header: w.probability_1h, hint: w.probability_hint, look: "percent", hidden: true, width: 80 },
    { field: "liquidation_probability_24h", header: w.probability_24h, hint: w.probability_hint, look: "percent", width: 84 },
    { field: "venue_liquidation_distance", header: w.venue_distance, hint: w.venue_distance_hint, look: "percent", hidden: true, width: 88 },
    { field: "model_error", header: w.model_error, hint: w.model_error_hint, look: "percent", format: errorText, width: 96 },
    { field: "maintenance_margin_usd", header: w.maintenance_margin, look: "usd", hidden: true, width: 104 },
    { field: "initial_margin_usd", header: w.initial_margin, look: "usd", hidden: true, width: 96 },
    { field: "n_positions", header: w.positions, look: "integer", width: 86 },
    { field: "data_at_s", header: w.age, hint: w.age_hint, look: "age", width: 64 },
    { field: "desk", header: w.desk, look: "text", width: 120 },
    { field: "venue", header: w.venue, look: "text", width: 120 },
    { field: "owner", header: w.owner, look: "text", width: 96 },
    { field: "tags", header: w.tags, look: "text", text: (row) => textsOf(row).tags.join(", "), width: 120 },
    { field: "flags", header: w.flags, look: "text", text: flagsText, tone: (_, row) => flagsTone(row), flex: 1, width: 140 },
  ];
}
