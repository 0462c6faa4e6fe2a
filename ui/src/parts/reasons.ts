/** Why a number is not there, in words. */

import { kindOf, type Kind, type Maybe } from "../format";
import { told } from "../words/glossary.svelte";
import { w } from "./words";

type Row = { readonly reasons?: Readonly<Record<string, string>> | undefined };

/** A number of a reply, with the stream's special values for null by what `reasons` says of the field. */
export function answerOf<Field extends string>(row: (Row & { readonly [Key in Field]?: unknown }) | null | undefined, field: Field): number {
  const value = row?.[field];
  if (typeof value === "number") return value;
  const reason = row?.reasons?.[field];
  if (reason === "none_in_range") return Infinity;
  return reason === "not_applicable" ? -Infinity : Number.NaN;
}

/** The reason that a reply gives for a null. */
export function reasonIn(row: Row | null | undefined, field: string): string | null {
  return row?.reasons?.[field] ?? null;
}

/** A sentence for a value that is no number; null for a number. */
export function explained(value: Maybe, reason?: string | null): string | null {
  const kind: Kind = kindOf(value);
  if (kind === "number") return null;
  if (kind === "not_applicable") return w.not_applicable;
  if (kind === "none_in_range") return w.none_in_range;
  const why = reason?.replace(/^missing:?\s*/, "") ?? "";
  return `${w.missing}: ${why === "" ? w.no_reason : told(why)}`;
}
