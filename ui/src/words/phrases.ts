/**
 * The service's own English sentences in another language, known again by their words; what is none of them stays as it is.
 *
 * `{n…}` is a number, `{why…}` a sentence again (`{why_ours}` one of these), any other placeholder stays as it is. The same as the service does for messages.
 */

const LONGEST = 2_000;
const DEEPEST = 8;

/** The placeholder of a sentence that has to be one of ours: else what stands there is part of a name. */
const OURS = "why_ours";

const PLACEHOLDER = /\{([a-z][a-z0-9_]*)\}/g;
const NUMBER = /^-?\d[\d,]*(?:\.\d+)?$/;

export type Pair = { readonly english: string; readonly told: string };
type Phrase = { readonly literals: readonly string[]; readonly names: readonly string[]; readonly told: string };
type Values = Map<string, string>;

const kindOf = (name: string): string => name.split("_")[0] ?? "";

function phraseOf({ english, told }: Pair): Phrase {
  const parts = english.split(PLACEHOLDER);
  return { literals: parts.filter((_, at) => at % 2 === 0), names: parts.filter((_, at) => at % 2 === 1), told };
}

/** What stands for each placeholder, each ending where what comes after it stands first; null for another text. */
function foundIn({ literals, names }: Phrase, text: string): Values | null {
  const first = literals[0] ?? "";
  const last = literals.at(-1) ?? "";
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return null;
  const found: Values = new Map();
  const end = text.length - last.length;
  let at = first.length;
  for (const [place, name] of names.entries()) {
    const literal = literals[place + 1] ?? "";
    const until = place === names.length - 1 ? end : text.indexOf(literal, at);
    if (until <= at || until + (place === names.length - 1 ? 0 : literal.length) > end) return null;
    const part = text.slice(at, until);
    if (kindOf(name) === "n" && !NUMBER.test(part)) return null;
    found.set(name, part);
    at = until + literal.length;
  }
  return found;
}

export class Phrases {
  readonly #whole: ReadonlyMap<string, string>;
  readonly #others: readonly Phrase[];
  readonly #number: (text: string) => string;

  /** `number` writes a decimal text in the language. */
  constructor(pairs: readonly Pair[], number: (text: string) => string) {
    const phrases = pairs.map((pair) => ({ english: pair.english, ...phraseOf(pair) }));
    this.#whole = new Map(phrases.filter(({ names }) => names.length === 0).map(({ english, told }) => [english, told]));
    const size = ({ literals }: Phrase): number => literals.join("").length;
    // The one that says most itself is the one that is meant.
    this.#others = phrases.filter(({ names }) => names.length > 0).toSorted((a, b) => size(b) - size(a));
    this.#number = number;
  }

  /** A text in the language; as it is where it is none of ours. */
  told(text: string): string {
    return text.length > LONGEST ? text : this.#told(text, DEEPEST, new Map());
  }

  #told(text: string, depth: number, known: Values): string {
    const whole = this.#whole.get(text);
    if (whole !== undefined) return whole;
    const key = `${depth} ${text}`;
    // A text made for that can be taken apart in many ways, which have the same parts.
    if (depth > 0 && !known.has(key)) {
      known.set(key, text);
      for (const phrase of this.#others) {
        const values = this.#values(phrase, text, depth - 1, known);
        if (values === null) continue;
        known.set(key, phrase.told.replace(PLACEHOLDER, (mark, name: string) => values.get(name) ?? mark));
        break;
      }
    }
    return known.get(key) ?? text;
  }

  /** What to fill in; null for another text, and for mere punctuation around what is none of ours. */
  #values(phrase: Phrase, text: string, depth: number, known: Values): Values | null {
    const found = foundIn(phrase, text);
    if (found === null) return null;
    const values: Values = new Map();
    let isOurs = phrase.literals[0] !== "" || !phrase.names.some((name) => kindOf(name) === "why");
    for (const [name, part] of found) {
      const kind = kindOf(name);
      const told = kind === "why" ? this.#told(part, depth, known) : kind === "n" ? this.#number(part) : part;
      if (kind === "why" && told !== part) isOurs = true;
      else if (name === OURS) return null;
      values.set(name, told);
    }
    return isOurs ? values : null;
  }
}
