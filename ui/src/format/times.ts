/** Moments and ages, in the chosen language and zone. Seconds since 1970 everywhere; `_ns` fields go through `seconds`. */

import { language, type Language } from "../words/language.svelte";
import { decimal, MISSING, type Maybe } from "./numbers";
import { zone } from "./zone.svelte";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Nanoseconds of the API as seconds; null stays null. */
export function seconds(ns: Maybe): number | null {
  return ns == null ? null : ns / 1e9;
}

const made = new Map<string, Intl.DateTimeFormat>();

function moment(at: Maybe, options: Intl.DateTimeFormatOptions): string {
  if (at == null || !Number.isFinite(at)) return MISSING;
  const whole = { hourCycle: "h23", ...(zone.name === undefined ? {} : { timeZone: zone.name }), ...options } as const;
  const key = language.locale + JSON.stringify(whole);
  let found = made.get(key);
  if (found === undefined) made.set(key, (found = new Intl.DateTimeFormat(language.locale, whole)));
  return found.format(at * 1_000);
}

/** 14:03:27 */
export function time(at: Maybe): string {
  return moment(at, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** 14:03 */
export function minute(at: Maybe): string {
  return moment(at, { hour: "2-digit", minute: "2-digit" });
}

/** Nov 21, 14:03 */
export function dayTime(at: Maybe): string {
  return moment(at, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
}

/** Nov 21, 2026, 14:03:27 UTC */
export function dateTime(at: Maybe): string {
  return moment(at, {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  });
}

/** Shorter than those of Intl, which writes "giây" where a column has room for two letters. */
const UNITS: Readonly<Record<Language, Readonly<Record<"second" | "minute" | "hour" | "day", string>>>> = {
  en: { second: "s", minute: "m", hour: "h", day: "d" },
  zh: { second: "秒", minute: "分", hour: "小时", day: "天" },
  vi: { second: "s", minute: "ph", hour: "g", day: "ng" },
  th: { second: "วิ", minute: "น.", hour: "ชม.", day: "ว." },
};

function unit(value: number, name: "second" | "minute" | "hour" | "day", digits: number): string {
  return decimal(value, digits) + UNITS[language.current][name];
}

/** How old or how long: 0.4s, 12s, 3m, 2h, 5d. */
export function age(duration: Maybe): string {
  if (duration == null || !Number.isFinite(duration)) return MISSING;
  const lasted = Math.max(0, duration);
  if (lasted < 9.95) return unit(lasted, "second", 1);
  if (lasted < 100) return unit(Math.floor(lasted), "second", 0);
  if (lasted < 100 * MINUTE) return unit(Math.floor(lasted / MINUTE), "minute", 0);
  if (lasted < 2 * DAY) return unit(Math.floor(lasted / HOUR), "hour", 0);
  return unit(Math.floor(lasted / DAY), "day", 0);
}
