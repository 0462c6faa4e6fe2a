/** Which colour a usage has. Presentation alone: what is alarming is decided by the rules on the server. */

import type { Maybe } from "../format";

export type Danger = "calm" | "notice" | "warning" | "critical";

/** Of a margin usage, 1 being liquidation. */
export function dangerOfUsage(usage: Maybe): Danger {
  if (usage == null || Number.isNaN(usage) || usage < 0.5) return "calm";
  if (usage < 0.7) return "notice";
  return usage < 0.85 ? "warning" : "critical";
}

/** Of a distance to liquidation, a fraction. */
export function dangerOfDistance(distance: Maybe): Danger {
  if (distance == null || !Number.isFinite(distance) || distance >= 0.25) return "calm";
  if (distance >= 0.15) return "notice";
  return distance >= 0.07 ? "warning" : "critical";
}

/** Of a severity of alerts. */
export function dangerOfSeverity(severity: string): Danger {
  if (severity === "critical") return "critical";
  if (severity === "high") return "warning";
  return severity === "warning" ? "notice" : "calm";
}

/** Class of a risk level of the server. */
export function toneOfRisk(level: string | null | undefined): "" | "notice" | "critical" {
  return level === "HIGH" ? "critical" : level === "MEDIUM" ? "notice" : "";
}
