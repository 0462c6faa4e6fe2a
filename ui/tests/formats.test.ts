import { afterEach, describe, expect, test } from "vitest";
import * as format from "../src/format";
import { language, LANGUAGES, preferred, type Language } from "../src/words/language.svelte";

const ALL = Object.keys(LANGUAGES) as Language[];
const AT = Date.UTC(2026, 10, 21, 14, 3, 27) / 1_000;

afterEach(() => {
  language.set("en");
  format.zone.set("local");
});

describe.each(ALL)("in %s", (code) => {
  test("what is no number is never shown as one", () => {
    language.set(code);
    const { usd, usdFull, percent, move, price, decimal, integer, multiple } = format;
    for (const shows of [usd, usdFull, percent, move, price, decimal, integer, multiple]) {
      expect(shows(null)).toBe("—");
      expect(shows(undefined)).toBe("—");
      expect(shows(Number.NaN)).toBe("—");
      expect(shows(Infinity)).not.toMatch(/\d|∞|NaN/);
      expect(shows(-Infinity)).not.toMatch(/\d|∞|NaN/);
      expect(shows(Infinity)).not.toBe(shows(-Infinity));
      expect(shows(0)).toMatch(/0/);
    }
    expect(format.age(null)).toBe("—");
    expect(format.time(null)).toBe("—");
    expect(format.exact(null)).toBe("—");
    expect(format.exact("")).toBe("—");
  });

  test("digits are Latin and a minus is a minus", () => {
    language.set(code);
    for (const text of [format.usdFull(-1_234_567), format.percent(-0.1234), format.price(-0.5)]) {
      expect(text).toMatch(/^−/);
      expect(text).not.toContain("-");
    }
    format.zone.set("UTC");
    expect(format.time(AT)).toBe("14:03:27");
    expect(format.dateTime(AT)).toMatch(/2026/);
  });

  test("exact texts keep every digit", () => {
    language.set(code);
    const digits = (text: string): string => text.replace(/[^\d]/g, "");
    for (const text of ["12345678901234567890.123456789012345678", "0.00000001", "-1000.50", "7"]) {
      expect(digits(format.exact(text))).toBe(digits(text));
    }
    expect(format.exact("not a number")).toBe("not a number");
  });
});

test("amounts in English", () => {
  expect(format.usd(12_812_345)).toBe("12.8M");
  expect(format.usd(449_000)).toBe("449K");
  expect(format.usd(87.4)).toBe("87");
  expect(format.usd(-0)).toBe("0");
  expect(format.usdSigned(1_500)).toBe("+1.50K");
  expect(format.usdSigned(0)).toBe("0");
  expect([408_900, 409_100].map(format.usdFine)).toEqual(["408.9K", "409.1K"]);
  expect(format.usdFull(12_812_345.6)).toBe("12,812,346");
  expect(format.percent(0.12345)).toBe("12.3%");
  expect(format.move(0.02)).toBe("+2.0%");
  expect(format.exact("-1234567.8900")).toBe("−1,234,567.8900");
});

test("amounts as others write them", () => {
  language.set("zh");
  expect(format.usd(12_812_345)).toBe("1280万");
  language.set("vi");
  expect(format.decimal(1234.5)).toBe("1.234,50");
  expect(format.exact("1234.50")).toBe("1.234,50");
  language.set("th");
  expect(format.age(12)).toMatch(/^12\s?วิ/);
});

test("a price shows its ticks whatever it costs", () => {
  expect(format.price(98_432.1)).toBe("98,432.10");
  expect(format.price(2.34567)).toBe("2.3457");
  expect(format.price(0.00001234)).toBe("0.000012340");
  expect(format.price(0)).toBe("0.00");
});

test("ages grow coarser", () => {
  const shown = [-1, 0.44, 9.9, 12.9, 99, 100, 5_999, 6_000, 172_800].map((one) => format.age(one));
  expect(shown).toEqual(["0.0s", "0.4s", "9.9s", "12s", "99s", "1m", "99m", "1h", "2d"]);
});

test("a zone can be chosen", () => {
  format.zone.set("UTC");
  expect(format.minute(AT)).toBe("14:03");
  expect(format.dateTime(AT)).toContain("UTC");
});

test("nothing from outside hides or turns what stands beside it", () => {
  expect(format.shown("a\u202Eb")).toBe("a⟨U+202E⟩b");
  expect(format.shown("a\nb\u0000")).toBe("a␊b␀");
  expect(format.shown("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
  expect(format.shown("x".repeat(10_000))).toHaveLength(501);
  expect(format.shown(null)).toBe("—");
});

test("the first language that is spoken here", () => {
  expect(preferred(["de-DE", "zh-TW", "en"])).toBe("zh");
  expect(preferred(["vi"])).toBe("vi");
  expect(preferred(["fr"])).toBe("en");
  expect(preferred([])).toBe("en");
});
