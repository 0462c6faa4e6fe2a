/** Which accounts a view shows: by words, and by how they are heard. */

import type { Static } from "../../live/decode";
import { textsOf } from "./columns";

export const STATES = ["included", "excluded", "streaming", "polling", "starting", "lost", "stopped"] as const;

export type StateFilter = (typeof STATES)[number];

export function isState(text: string | null): text is StateFilter {
  return text !== null && (STATES as readonly string[]).includes(text);
}

function isInState(row: Static, state: StateFilter): boolean {
  const texts = textsOf(row);
  if (state === "included") return texts.is_included;
  return state === "excluded" ? !texts.is_included : texts.link_state === state;
}

/** The words that a row is found by, in small letters. */
function haystack(row: Static): string {
  return ["account_id", "desk", "owner", "venue", "tags", "risk_level", "nearest_coin"].map((field) => String(row[field] ?? "")).join(" ").toLowerCase();
}

/** A test for rows that hold all words and are in the state; null if anything will do. */
export function accountFilter(words: string, state: StateFilter | null): ((row: Static) => boolean) | null {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (wanted.length === 0 && state === null) return null;
  return (row) => {
    if (state !== null && !isInState(row, state)) return false;
    const text = haystack(row);
    return wanted.every((word) => text.includes(word));
  };
}
