/** Equity of accounts over the last day, asked for those that are on the screen, and again when it has become old. */

import { get, type Schema } from "../../api/client";

const POINTS = { 24: 48, 1: 60 } as const;
/** With fewer moments in a day there is no curve yet: then the last hour is shown. */
const MOMENTS_MIN = 4;
/** A sample is kept each minute. */
const RENEW_MS = 60_000;
const AT_ONCE = 50;

export type Curve = readonly (number | null)[];

type Kept = { at: number; curve: Curve };

export class Sparklines {
  readonly #kept = new Map<string, Kept>();
  #isAsking = false;
  /** Called when curves came. */
  onchange: (() => void) | null = null;
  /** How long the curves are: a day, or an hour while the history is young. Reactive. */
  hours = $state.raw<24 | 1>(24);
  /** Counts answers. */
  version = 0;

  curve(account: string): Curve | null {
    return this.#kept.get(account)?.curve ?? null;
  }

  /** Say which accounts are seen now; what lacks or is old is asked for, one question at a time. */
  async want(accounts: readonly string[], now: number = Date.now()): Promise<void> {
    const lacking = accounts.filter((name) => now - (this.#kept.get(name)?.at ?? Number.NEGATIVE_INFINITY) >= RENEW_MS).slice(0, AT_ONCE);
    if (lacking.length === 0 || this.#isAsking) return;
    this.#isAsking = true;
    try {
      const rows = await this.#ask(lacking);
      for (const { account_id, equity_usd } of rows) this.#kept.set(account_id, { at: now, curve: equity_usd });
    } catch {
      // A small curve is worth no message: its place stays empty until the next try.
      for (const name of lacking) this.#kept.set(name, { at: now, curve: this.curve(name) ?? [] });
    } finally {
      this.#isAsking = false;
    }
    this.version += 1;
    this.onchange?.();
  }

  async #ask(account: string[]): Promise<readonly Schema<"Sparkline">[]> {
    const { rows, at_ns } = await get("/api/v1/equity/sparklines", { query: { account, hours: 24, points: POINTS[24] } });
    this.hours = at_ns.length < MOMENTS_MIN ? 1 : 24;
    if (this.hours === 24) return rows;
    return (await get("/api/v1/equity/sparklines", { query: { account, hours: 1, points: POINTS[1] } })).rows;
  }
}

const WIDTH = 80;
const HEIGHT = 18;
const SVG = "http://www.w3.org/2000/svg";

/** The path of a curve; gaps stay gaps, and a flat one stands in the middle. Empty for fewer than two numbers. */
export function pathOf(curve: Curve, width = WIDTH, height = HEIGHT): string {
  const known = curve.filter((value): value is number => value !== null);
  if (known.length < 2) return "";
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  let path = "";
  let isJoined = false;
  curve.forEach((value, at) => {
    if (value !== null) {
      const x = 1 + (at / (curve.length - 1)) * (width - 2);
      const y = span === 0 ? height / 2 : height - 1 - ((value - low) / span) * (height - 2);
      path += `${isJoined ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    }
    isJoined = value !== null;
  });
  return path;
}

/** Draw a curve into a cell of a grid. */
export function drawCurve(element: HTMLElement, curve: Curve | null, label: string): void {
  let svg = element.firstElementChild;
  if (svg === null) {
    svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    svg.setAttribute("width", String(WIDTH));
    svg.setAttribute("height", String(HEIGHT));
    svg.setAttribute("role", "img");
    svg.setAttribute("class", "sparkline");
    svg.append(document.createElementNS(SVG, "path"));
    element.append(svg);
  }
  svg.setAttribute("aria-label", label);
  svg.firstElementChild?.setAttribute("d", pathOf(curve ?? []));
}
