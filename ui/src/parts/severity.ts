/** Which alerts come first. */

import type { Schema } from "../api/client";

type Alert = Pick<Schema<"AlertRow">, "acknowledgement" | "silenced_by" | "severity" | "since_ns">;

/** From mild to bad. */
export const SEVERITIES = ["info", "warning", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** How bad a severity is; one that nobody knows is less than any. */
export function badness(severity: string): number {
  return SEVERITIES.findIndex((one) => one === severity);
}

/** Somebody takes care of it, or nobody wants to hear of it. */
export function isQuiet(alert: Alert): boolean {
  return alert.acknowledgement?.is_active === true || alert.silenced_by.length > 0;
}

/** For sorting: the worst and newest first; what somebody takes care of comes after. */
export function worstFirst(a: Alert, b: Alert): number {
  return Number(isQuiet(a)) - Number(isQuiet(b)) || badness(b.severity) - badness(a.severity) || b.since_ns - a.since_ns;
}
