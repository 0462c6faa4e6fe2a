/** Which positions a view shows. */

import type { Static } from "../../live/decode";
import { haystack, positionOf, sideOf } from "./columns";

export type Wishes = {
  readonly words: string;
  readonly side: "long" | "short" | null;
  readonly kind: string | null;
};

/** A test for positions that meet all wishes; null if anything will do. */
export function positionFilter({ words, side, kind }: Wishes): ((row: Static) => boolean) | null {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (wanted.length === 0 && side === null && kind === null) return null;
  return (row) => {
    if (side !== null && sideOf(row) !== side) return false;
    if (kind !== null && positionOf(row).instrument_kind !== kind) return false;
    if (wanted.length === 0) return true;
    const text = haystack(row);
    return wanted.every((word) => text.includes(word));
  };
}

/** What is folded: all groups but some, or none but some. Written into the address as `fold` and `but`. */
export type Folds = { readonly isAll: boolean; readonly but: ReadonlySet<string> };

const BUT_MAX = 40;

export function readFolds(fold: string | null, but: string | null): Folds {
  const names = but === null ? [] : but.split(",").map(decoded);
  return { isAll: fold === "1", but: new Set(names) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function isFolded(folds: Folds, name: string): boolean {
  return folds.isAll !== folds.but.has(name);
}

/** The exceptions with one more or one fewer, as they stand in the address; the oldest go where there are too many. */
export function toggled(folds: Folds, name: string): string {
  const but = new Set(folds.but);
  if (!but.delete(name)) but.add(name);
  return [...but].slice(-BUT_MAX).map(encodeURIComponent).join(",");
}
