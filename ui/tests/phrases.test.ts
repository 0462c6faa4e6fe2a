import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { glossary, sentence, told } from "../src/words/glossary.svelte";
import { language, type Language } from "../src/words/language.svelte";
import type { Pair } from "../src/words/phrases";
import cases from "./phrases.json";

/** The catalog that the service has, read as far as it goes: one table after another, each of four texts in quotes. */
const CATALOG = readFileSync(new URL("../../src/marginwatch/notify/messages/words/phrases.toml", import.meta.url), "utf-8");

function pairs(code: string): Pair[] {
  return CATALOG.split("[[phrase]]")
    .slice(1)
    .map((table) => {
      const texts = new Map(table.split("\n").map((line) => [line.slice(0, 2), line.slice(5)] as const));
      return { english: JSON.parse(texts.get("en") ?? "") as string, told: JSON.parse(texts.get(code) ?? "") as string };
    });
}

function take(code: Language): void {
  language.set(code);
  glossary.take({
    language: code,
    measures: { drawdown: "回撤" },
    context: { btc_price: "届时比特币价格" },
    values: { falls: "下跌", accounts: "{n} 个账户", none_in_range: "范围内不会触发" },
    phrases: code === "en" ? [] : pairs(code),
  });
}

afterEach(() => language.set("en"));

describe.each(cases)("$language: $text", (one) => {
  test("is told as messages tell it", () => {
    take(one.language as Language);
    expect(told(one.text)).toBe(one.told);
  });
});

test("English, and words that have not come yet, leave everything as it is", () => {
  take("zh");
  language.set("th");
  expect(told("not heard yet")).toBe("not heard yet");
  expect(glossary.measure("account.drawdown")).toBe("account.drawdown");
  take("en");
  expect(told("not heard yet")).toBe("not heard yet");
  expect(told(null)).toBeNull();
});

test("names and figures of alerts are words", () => {
  take("zh");
  expect(glossary.measure("account.drawdown")).toBe("回撤");
  expect(glossary.measure("account.none_of_ours")).toBe("account.none_of_ours");
  expect(glossary.figure("btc_price")).toBe("届时比特币价格");
  expect(glossary.value("falls")).toBe("下跌");
  expect(glossary.value("none in range")).toBe("范围内不会触发");
  expect(glossary.value("1,234 accounts")).toBe("1,234 个账户");
  expect(glossary.value("not heard yet")).toBe("尚未收到数据");
  expect(glossary.value("accounts")).toBe("accounts");
  take("vi");
  expect(glossary.value("61,234.5 USD")).toBe("61.234,5 USD");
  expect(glossary.value("BTCUSDT")).toBe("BTCUSDT");
});

test("a text from outside within a sentence is still made safe to look at", () => {
  take("zh");
  expect(sentence("mark price of \u202ea\nb")).toBe("⟨U+202E⟩a␊b 的标记价格");
});
