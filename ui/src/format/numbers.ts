/**
 * Numbers as people read them. All are functions of the chosen language, so markup that calls them follows it.
 *
 * What is no number is never 0: null and NaN are "—" (missing), −Infinity "n/a" (not applicable), +Infinity "none"
 * (nothing within range), as the stream writes them.
 */

import { language } from "../words/language.svelte";
import { answers } from "./words";

export const MISSING = "—";
const MINUS = "−";

export type Maybe = number | null | undefined;

/** The four kinds of answer. */
export type Kind = "number" | "missing" | "none_in_range" | "not_applicable";

/** Which kind a value of the stream is. */
export function kindOf(value: Maybe): Kind {
  if (value == null || Number.isNaN(value)) return "missing";
  if (value === Infinity) return "none_in_range";
  return value === -Infinity ? "not_applicable" : "number";
}

/** What stands in the place of something that is no number. */
export function absent(kind: Kind): string {
  if (kind === "none_in_range") return answers.none;
  return kind === "not_applicable" ? answers.not_applicable : MISSING;
}

const made = new Map<string, Intl.NumberFormat>();

function formatter(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language.locale + JSON.stringify(options);
  let found = made.get(key);
  if (found === undefined) made.set(key, (found = new Intl.NumberFormat(language.locale, options)));
  return found;
}

/** Format by options of Intl, with a true minus sign, or what stands for no number. */
export function formatted(value: Maybe, options: Intl.NumberFormatOptions): string {
  if (value == null || !Number.isFinite(value)) return absent(kindOf(value));
  return formatter(options).format(Object.is(value, -0) ? 0 : value).replace("-", MINUS);
}

/** A number with a fixed count of decimals. */
export function decimal(value: Maybe, digits = 2): string {
  return formatted(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A number that may be tiny or large, with so many digits that say something. */
export function significant(value: Maybe, digits = 4): string {
  return formatted(value, { maximumSignificantDigits: digits });
}

/** A count. */
export function integer(value: Maybe): string {
  return formatted(value, { maximumFractionDigits: 0 });
}

/** A fraction as percent: 0.1234 → 12.3%. */
export function percent(value: Maybe, digits = 1): string {
  return formatted(value, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A signed fraction as percent, with its plus sign: a move, a change. */
export function move(value: Maybe, digits = 1): string {
  const options = { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  return formatted(value, { ...options, signDisplay: "exceptZero" });
}

/** A multiple: 3.2×. */
export function multiple(value: Maybe, digits = 1): string {
  return value == null || !Number.isFinite(value) ? absent(kindOf(value)) : `${decimal(value, digits)}×`;
}

/** A decimal text of a venue with its digits grouped and every one of them kept; null is missing. */
export function exact(text: string | null | undefined): string {
  if (text == null || text === "") return MISSING;
  const parts = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (parts === null) return text;
  const [, sign = "", whole = "0", fraction] = parts;
  const grouped = formatter({ useGrouping: true }).format(BigInt(whole));
  const point = formatter({ minimumFractionDigits: 1 }).formatToParts(0.5).find((part) => part.type === "decimal");
  return (sign === "-" ? MINUS : "") + grouped + (fraction === undefined ? "" : (point?.value ?? ".") + fraction);
}
