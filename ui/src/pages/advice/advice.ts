/** Advice as the server tells it, and as text that a person takes to the exchange. */

import type { Schema } from "../../api/client";
import { formatted, shown, type Maybe } from "../../format";

export type Advice = Schema<"AdviceReply">;
export type Group = Schema<"TransferGroup">;
export type Transfer = Schema<"Transfer">;
export type Effect = Schema<"TransferEffect">;
export type Hedge = Schema<"Hedge">;
export type Trade = Schema<"HedgeTrade">;
export type Picture = Schema<"AccountPicture">;

/** An amount of a coin or of contracts, with all digits that it has. */
export function amount(value: Maybe): string {
  return formatted(value, { maximumFractionDigits: 8 });
}

/** The venue's own symbol in the name of a contract. */
export function symbolOf(instrument: string): string {
  return shown(instrument.slice(instrument.lastIndexOf(":") + 1), 80);
}

/** Accounts that a group's transfers touch or that are not at the target: the others are as they were. */
export function concerned(group: Group): readonly Effect[] {
  return group.accounts.filter((one) => one.given_usd > 0 || one.taken_usd > 0 || one.missing_usd > 0 || one.is_at_target === false);
}

/** The accounts in which a hedge trades. */
export function traded(hedge: Hedge): Hedge["accounts"] {
  const names = new Set(hedge.trades.map((trade) => trade.account_id));
  return hedge.accounts.filter((one) => names.has(one.account_id));
}
