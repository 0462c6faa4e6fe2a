/** Figures of alerts and rules in their units, and which bound is meant. */

import type { Schema } from "../../api/client";
import { age, decimal, integer, multiple, percent, usdFull, type Maybe } from "../../format";

type Standing = Pick<Schema<"AlertRow">, "state" | "is_unknown" | "side" | "value" | "bound">;

export type Unit = Schema<"AlertRow">["unit"] | null;

/** A figure as its unit is read; what is no number is the mark of that. */
export function figure(value: Maybe, unit: Unit): string {
  if (unit === "fraction") return percent(value);
  if (unit === "usd") return usdFull(value);
  if (unit === "times") return multiple(value);
  if (unit === "seconds") return age(value);
  if (unit === "bytes") return value == null ? decimal(value) : `${decimal(value / 1e6, 1)} MB`;
  return value != null && Number.isInteger(value) ? integer(value) : decimal(value);
}

/** A distance that may be negative: seconds and all else keep their sign. */
export function gap(value: Maybe, unit: Unit): string {
  if (value == null || value >= 0) return figure(value, unit);
  return `−${figure(-value, unit)}`;
}

/** Which side of a bound is bad. */
export function bound(side: string, value: Maybe, unit: Unit): string {
  return value == null ? figure(value, unit) : `${side === "above" ? ">" : "<"} ${figure(value, unit)}`;
}

/**
 * Whether an alert fires on although its value is within its bound: it has to stay there for a while, or to go on to
 * where its rule clears. Of some rules the magnitude is judged, so that far below zero is beyond a bound above it.
 */
export function isClearing({ state, is_unknown, side, value, bound }: Standing): boolean {
  if (state !== "firing" || is_unknown || value === null || bound === null) return false;
  if (side !== "above") return value >= bound;
  return value <= bound && !(bound > 0 && -value > bound);
}

/** How near a rule is to firing, from 0 to 1 and above; null where it cannot be told. */
export function nearness(rule: Schema<"RuleRow">): number | null {
  const first = rule.steps[0];
  const distance = rule.standing?.distance;
  if (first === undefined || distance == null) return null;
  if (distance < 0) return 1;
  const size = Math.abs(first.bound);
  // Of a rule that fires above 0 nothing is near until it happens.
  return size === 0 ? 0 : Math.max(0, 1 - distance / size);
}
