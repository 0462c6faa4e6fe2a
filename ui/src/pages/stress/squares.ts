/** The grid of moves as a square: Bitcoin's moves down, betas and volatilities across. */

import type { Schema } from "../../api/client";
import { percent, type Maybe } from "../../format";
import { questionOf } from "./question";

export type StressRow = Schema<"StressRow">;
export type Across = { readonly beta: number; readonly volatility: number };
export type Square = {
  readonly moves: readonly number[];
  readonly across: readonly Across[];
  /** By move, then across; null where no scenario is there. */
  readonly cells: readonly (readonly (StressRow | null)[])[];
};

const USUAL = questionOf(() => null);

/** Lay the scenarios of the grid out; rises above, falls below. */
export function squareOf(rows: readonly StressRow[]): Square {
  const grid = rows.filter((row) => row.kind === "grid" && row.btc_move !== null);
  const moves = [...new Set(grid.map((row) => row.btc_move ?? 0))].toSorted((a, b) => b - a);
  const keys = new Map<string, Across>();
  for (const row of grid) {
    const one = { beta: row.beta_factor ?? 1, volatility: row.volatility_shift ?? 0 };
    keys.set(`${one.beta} ${one.volatility}`, one);
  }
  const across = [...keys.values()].toSorted((a, b) => a.beta - b.beta || a.volatility - b.volatility);
  const cells = moves.map((move) =>
    across.map(({ beta, volatility }) => grid.find((row) => row.btc_move === move && row.beta_factor === beta && row.volatility_shift === volatility) ?? null),
  );
  return { moves, across, cells };
}

/** The scenario whose accounts are shown: the one that is asked for, else what is usually asked, else the grid's worst. */
export function chosenOf(rows: readonly StressRow[], asked: string | null): StressRow | null {
  const found = rows.find((row) => row.scenario === asked);
  if (found !== undefined) return found;
  const grid = rows.filter((row) => row.kind === "grid" && row.pnl_usd !== null);
  const usual = grid.find((row) => row.btc_move === USUAL.btc_move && row.beta_factor === USUAL.alt_beta && row.volatility_shift === USUAL.volatility);
  return usual ?? grid.toSorted((a, b) => (a.pnl_usd ?? 0) - (b.pnl_usd ?? 0))[0] ?? rows[0] ?? null;
}

/** From here on a usage says no more than that nothing is left. */
const USAGE_SHOWN_MAX = 10;

/** A usage, which has no end where equity goes to nothing. */
export function usageText(value: Maybe): string {
  return value != null && Number.isFinite(value) && value > USAGE_SHOWN_MAX ? `> ${percent(USAGE_SHOWN_MAX, 0)}` : percent(value);
}
