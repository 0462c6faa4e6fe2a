/** A question "what if": what is asked, within which bounds, and how the address holds it. */

export type Question = { readonly btc_move: number; readonly alt_beta: number; readonly volatility: number };

/** One slider: key in the address, bounds and step of it in the unit that people read, and how many of that unit are 1. */
export type Knob = {
  readonly field: keyof Question;
  readonly key: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly scale: number;
  readonly usual: number;
};

export const KNOBS: readonly Knob[] = [
  { field: "btc_move", key: "btc", min: -99, max: 100, step: 1, scale: 100, usual: -20 },
  { field: "alt_beta", key: "beta", min: 0, max: 3, step: 0.1, scale: 1, usual: 1 },
  { field: "volatility", key: "vol", min: -50, max: 200, step: 5, scale: 100, usual: 0 },
];

/** A number within a knob's bounds; its usual one for what is no number. */
export function within(knob: Knob, text: string | null): number {
  const value = text === null || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? Math.min(knob.max, Math.max(knob.min, value)) : knob.usual;
}

/** The question that an address holds. */
export function questionOf(param: (key: string) => string | null): Question {
  const found: Record<string, number> = {};
  for (const knob of KNOBS) found[knob.field] = Number((within(knob, param(knob.key)) / knob.scale).toPrecision(12));
  return found as Question;
}

/** What the address holds for a question; usual numbers are left out. */
export function paramsOf(question: Question): Record<string, string | null> {
  const found: Record<string, string | null> = {};
  for (const knob of KNOBS) {
    const value = Number((question[knob.field] * knob.scale).toPrecision(12));
    found[knob.key] = value === knob.usual ? null : String(value);
  }
  return found;
}

export function isSame(a: Question | null | undefined, b: Question | null | undefined): boolean {
  return a != null && b != null && a.btc_move === b.btc_move && a.alt_beta === b.alt_beta && a.volatility === b.volatility;
}
