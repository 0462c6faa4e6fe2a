import { afterEach, describe, expect, test } from "vitest";
import { ALL, defineWords, language, LANGUAGES, type Language } from "../src/words/language.svelte";

const CODES = Object.keys(LANGUAGES) as Language[];
type Table = Record<Language, Record<string, unknown>>;

const files = import.meta.glob<Record<string, unknown>>(["../src/**/words.ts", "../src/words/common.ts"], { eager: true });
const tables = Object.entries(files).flatMap(([path, module]) =>
  Object.entries(module)
    .filter(([, value]) => typeof value === "object" && value !== null && ALL in value)
    .map(([name, value]): [string, Table] => [`${path} ${name}`, (value as { [ALL]: Table })[ALL]]),
);

afterEach(() => language.set("en"));

test("there are words at all", () => {
  expect(tables.length).toBeGreaterThan(5);
});

describe.each(tables)("%s", (_, table) => {
  test.each(CODES)("has every word in %s, each of the same kind", (code) => {
    expect(Object.keys(table[code]).sort()).toEqual(Object.keys(table.en).sort());
    for (const [key, english] of Object.entries(table.en)) {
      const word = table[code][key];
      expect(typeof word, key).toBe(typeof english);
      if (typeof word === "string") expect(word.trim(), key).not.toBe("");
      if (typeof word !== "function" || typeof english !== "function") continue;
      expect(word.length, key).toBe(english.length);
      const given = Array.from({ length: word.length }, (_unused, at) => `«${at}»`);
      const filled = (word as (...values: string[]) => string)(...given);
      for (const one of given) expect(filled, key).toContain(one);
    }
  });

  test("is not English under other names", () => {
    const sentences = Object.entries(table.en).filter(([, word]) => typeof word === "string" && word.split(" ").length > 3 && !word.includes("©"));
    for (const [key, word] of sentences) for (const code of CODES) if (code !== "en") expect(table[code][key], `${code} ${key}`).not.toBe(word);
  });
});

test("words follow the language", () => {
  const w = defineWords({
    en: { hello: "Hello", n: (count: string) => `${count} rows` },
    zh: { hello: "你好", n: (count: string) => `${count} 行` },
    vi: { hello: "Chào", n: (count: string) => `${count} dòng` },
    th: { hello: "สวัสดี", n: (count: string) => `${count} แถว` },
  });
  expect(w.hello).toBe("Hello");
  language.set("zh");
  expect(w.hello).toBe("你好");
  expect(w.n("3")).toBe("3 行");
});
