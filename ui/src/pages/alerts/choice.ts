/** Which alerts a tab and its filters show. */

import type { Schema } from "../../api/client";
import { badness, worstFirst, type Severity } from "../../parts/severity";

type Alert = Schema<"AlertRow">;

export const TABS = ["active", "unknown", "pending", "history", "deliveries", "silences", "rules"] as const;
export type Tab = (typeof TABS)[number];

/** Alerts of a tab. What cannot be judged is unknown, and active besides if it fires. */
export function ofTab(rows: readonly Alert[], tab: "active" | "unknown" | "pending"): readonly Alert[] {
  if (tab === "unknown") return rows.filter((row) => row.is_unknown);
  if (tab === "pending") return rows.filter((row) => row.state === "pending");
  return rows.filter((row) => row.state === "firing" && !row.is_unknown_notice);
}

/** Whether a severity is at least as bad as wanted. */
export function isBadEnough(severity: string, wanted: Severity | null): boolean {
  return wanted === null || badness(severity) >= badness(wanted);
}

/** Whether one of some texts holds the text looked for. */
export function holds(text: string, among: readonly (string | null | undefined)[]): boolean {
  const wanted = text.trim().toLowerCase();
  return wanted === "" || among.some((one) => one?.toLowerCase().includes(wanted) === true);
}

/** Alerts that fit the filters, the worst and newest first; what somebody takes care of comes after. */
export function chosen(rows: readonly Alert[], text: string, severity: Severity | null): readonly Alert[] {
  return rows
    .filter((row) => isBadEnough(row.severity, severity) && holds(text, [row.subject, row.rule, row.headline, row.account_id]))
    .toSorted(worstFirst);
}
