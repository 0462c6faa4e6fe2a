/** Amounts in USD and prices. */

import { absent, formatted, kindOf, type Maybe } from "./numbers";

const COMPACT_FROM = 1_000;

/** Short, three digits: 12.8M, 449K, 87. For tables and small places. */
export function usd(value: Maybe): string {
  return short(value, "auto");
}

/** One digit more, for axes: a day's changes are small beside the whole. */
export function usdFine(value: Maybe): string {
  return formatted(value, { notation: "compact", minimumSignificantDigits: 4, maximumSignificantDigits: 4 });
}

/** Short with its sign: +12.8M. For results and signed exposure. */
export function usdSigned(value: Maybe): string {
  return short(value, "exceptZero");
}

function short(value: Maybe, signDisplay: "auto" | "exceptZero"): string {
  if (value == null || !Number.isFinite(value)) return absent(kindOf(value));
  if (Math.abs(value) < COMPACT_FROM) return formatted(value, { maximumFractionDigits: 0, signDisplay });
  return formatted(value, {
    notation: "compact",
    minimumSignificantDigits: 3,
    maximumSignificantDigits: 3,
    signDisplay,
  });
}

/** Whole dollars, all digits: 12,812,345. For headlines and what stands behind a short one. */
export function usdFull(value: Maybe): string {
  return formatted(value, { maximumFractionDigits: 0 });
}

/** Whole dollars, all digits, with their sign. */
export function usdFullSigned(value: Maybe): string {
  return formatted(value, { maximumFractionDigits: 0, signDisplay: "exceptZero" });
}

/** A price: two decimals from 100 on, five digits below, so that a tick shows whatever the coin costs. */
export function price(value: Maybe): string {
  if (value == null || !Number.isFinite(value)) return absent(kindOf(value));
  const size = Math.abs(value);
  const digits = size >= 100 || size === 0 ? 2 : Math.min(10, 4 - Math.floor(Math.log10(size)));
  return formatted(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
