/** Words that the service has, in the page's language: names of measures and figures, and its own sentences. */

import { get, type Schema } from "../api/client";
import { decimal, shown } from "../format";
import { language, type Language } from "./language.svelte";
import { Phrases } from "./phrases";

const KEPT_MAX = 2_000;
const DIGITS_MAX = 15;
const FIGURE = /^(-?\d[\d,]*(?:\.\d+)?) (%|USD|×)$/;
const COUNT = /^(-?\d[\d,]*(?:\.\d+)?) (accounts|contracts)$/;

type Held = { readonly words: Schema<"WordsReply">; readonly phrases: Phrases; readonly kept: Map<string, string> };

let held = $state.raw<Held | null>(null);
let asking: Language | null = null;

/** A decimal text as the language writes it, with all of its digits. */
function number(text: string): string {
  const plain = text.replaceAll(",", "");
  const digits = plain.split(".")[1]?.length ?? 0;
  return plain.length > DIGITS_MAX ? text : decimal(Number(plain), digits);
}

const current = (): Held | null => (held?.words.language === language.current ? held : null);

export const glossary = {
  /** Have the words of the page's language; until they came, or where they cannot be had, the service's English stands. */
  async load(): Promise<void> {
    const wanted = language.current;
    if (held?.words.language === wanted || asking === wanted) return;
    asking = wanted;
    try {
      const words = await get("/api/v1/words", { query: { language: wanted } });
      if (language.current === wanted) held = { words, phrases: new Phrases(words.phrases, number), kept: new Map() };
    } finally {
      if (asking === wanted) asking = null;
    }
  },
  /** For tests, and for nobody else: words that did not come from a service. */
  take(words: Schema<"WordsReply">): void {
    held = { words, phrases: new Phrases(words.phrases, number), kept: new Map() };
  },
  /** What a measure is called; its own name until that is known. */
  measure(name: string): string {
    return current()?.words.measures[name.slice(name.lastIndexOf(".") + 1)] ?? name;
  },
  /** What a further figure of an alert is called. */
  figure(name: string): string {
    return current()?.words.context[name] ?? name;
  },
  /** What it says: a figure with its unit, or a word. */
  value(text: string): string {
    const now = current();
    if (now === null) return text;
    const figure = FIGURE.exec(text);
    if (figure !== null) return `${number(figure[1] ?? "")} ${figure[2]}`;
    const count = COUNT.exec(text);
    const counted = count === null ? undefined : now.words.values[count[2] ?? ""];
    if (counted !== undefined) return counted.replace("{n}", number(count?.[1] ?? ""));
    const word = now.words.values[text.replaceAll(" ", "_")];
    return word === undefined || word.includes("{") ? told(text) : word;
  },
};

/** One of the service's sentences (a reason, advice, an assumption) in the page's language; any other text as it is. */
export function told(text: string): string;
export function told(text: string | null | undefined): string | null;
export function told(text: string | null | undefined): string | null {
  if (text == null) return null;
  const now = current();
  if (now === null || now.words.phrases.length === 0) return text;
  let found = now.kept.get(text);
  if (found === undefined) {
    if (now.kept.size >= KEPT_MAX) now.kept.clear();
    now.kept.set(text, (found = now.phrases.told(text)));
  }
  return found;
}

/** The same, made safe to look at. */
export function sentence(text: string | null | undefined, longest?: number): string {
  return shown(told(text), longest);
}

/** A topic whose texts are in the page's language. */
export function spoken<Name extends "alerts" | "rules">(name: Name, query = ""): Name | `${Name}?${string}` {
  const parts = [query, language.current === "en" ? "" : `language=${language.current}`].filter((part) => part !== "");
  return parts.length === 0 ? name : `${name}?${parts.join("&")}`;
}
