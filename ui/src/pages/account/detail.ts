/** One account as the server tells it, and when its parts are of. */

import type { Schema } from "../../api/client";
import { percent, type Maybe } from "../../format";

export type Detail = Schema<"AccountDetail">;
export type AccountRow = Schema<"AccountRow">;
export type PositionRow = Schema<"PositionRow">;

/** The moment that something of a document is of, UTC seconds, by how old it was when the document was made. */
export function momentOf(detail: Detail, age: number | null | undefined): number | null {
  return age == null ? null : detail.taken_at_ns / 1e9 - age;
}

/** The venue's own symbol in the name of a contract: what stands behind the last colon. */
export function symbolOf(instrument: string | null): string | null {
  return instrument === null ? null : instrument.slice(instrument.lastIndexOf(":") + 1);
}

/** The name that an error of the server proposes in place of one that is none; null if it proposes none. */
export function proposedIn(message: string): string | null {
  return /did you mean '([^']+)'\?$/.exec(message)?.[1] ?? null;
}

/** A relative error: two digits of a percent, four where it is small, and no sign of what is smaller still. */
export function errorText(value: Maybe): string {
  if (value == null || !Number.isFinite(value) || value === 0) return percent(value, 2);
  const size = Math.abs(value);
  return percent(size < 5e-7 ? 0 : value, size < 1e-4 ? 4 : 2);
}
