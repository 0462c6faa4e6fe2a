/** The language of the page, and words that exist in all of them or do not compile. */

import { keep, recall } from "../kept";

export const LANGUAGES = { en: "English", zh: "中文", vi: "Tiếng Việt", th: "ไทย" } as const;

export type Language = keyof typeof LANGUAGES;

/** What Intl is asked for: Gregorian years and Latin digits for everybody, as exchanges write them. */
const LOCALES: Readonly<Record<Language, string>> = {
  en: "en-US",
  zh: "zh-CN",
  vi: "vi-VN",
  th: "th-TH-u-ca-gregory-nu-latn",
};

function isLanguage(text: string): text is Language {
  return Object.hasOwn(LANGUAGES, text);
}

/** The first language of a list of wishes that we speak; English if none. */
export function preferred(wishes: readonly string[]): Language {
  for (const wish of wishes) {
    const main = wish.toLowerCase().split("-")[0] ?? "";
    if (isLanguage(main)) return main;
  }
  return "en";
}

function first(): Language {
  const kept = recall("language") ?? "";
  return isLanguage(kept) ? kept : preferred(typeof navigator === "undefined" ? [] : navigator.languages);
}

let chosen = $state<Language>(first());

export const language = {
  get current(): Language {
    return chosen;
  },
  get locale(): string {
    return LOCALES[chosen];
  },
  set(next: Language): void {
    chosen = next;
    keep("language", next);
    if (typeof document !== "undefined") document.documentElement.lang = next;
  },
};

type Word = string | ((...given: never[]) => string);
type Vocabulary = Readonly<Record<string, Word>>;
/** The same keys; texts for texts, and functions of the same arguments for functions. */
type Translated<Words> = {
  readonly [Key in keyof Words]: Words[Key] extends (...given: infer Given) => string
    ? (...given: Given) => string
    : string;
};

/**
 * Make the words of a page from `{en, zh, vi, th}`; a key that one of them lacks does not compile.
 *
 * Read them as fields: `w.title`, `w.n_accounts(12)`; in markup they follow the language.
 */
export function defineWords<const En extends Vocabulary>(table: {
  en: En;
  zh: Translated<NoInfer<En>>;
  vi: Translated<NoInfer<En>>;
  th: Translated<NoInfer<En>>;
}): Translated<En> {
  const words = {};
  for (const key of Object.keys(table.en)) {
    Object.defineProperty(words, key, { enumerable: true, get: () => table[chosen][key as keyof typeof table.en] });
  }
  Object.defineProperty(words, ALL, { value: table });
  return words as Translated<En>;
}

/** All languages of defined words; for the test that looks for empty ones. */
export const ALL = Symbol("all languages");
