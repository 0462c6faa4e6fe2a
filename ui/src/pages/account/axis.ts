/** Where moves of Bitcoin stand on the gauge: small ones far apart, large ones close together. Presentation alone. */

/** The ends of an axis, signed fractions with 0 between them. */
export type Axis = { readonly low: number; readonly high: number };

export type Tick = { readonly move: number; readonly place: number };

/** Moves of this size are where the axis turns from even to compressed. */
const BEND = 0.1;
const LOWS = [0.2, 0.35, 0.55, 0.8, 0.99];
const HIGHS = [0.2, 0.35, 0.6, 1, 2, 3, 5];
/** In the order in which they are worth their place. */
const WORTH = [0, -0.1, 0.1, -0.2, 0.2, -0.5, 0.5, -0.05, 0.05, 1, 2, 5, -0.9, -0.02, 0.02, -0.3, 0.3, 3];
const CLOSEST = 0.085;

/** The smallest round axis that has room beside both distances; what is no number asks for no room. */
export function axisOf(down: number, up: number): Axis {
  return { low: -end(LOWS, down), high: end(HIGHS, up) };
}

function end(ends: readonly number[], distance: number): number {
  const wanted = Number.isFinite(distance) ? distance * 1.2 : 0;
  return ends.find((one) => one >= wanted) ?? ends[ends.length - 1] ?? 1;
}

/** How far right a move stands, 0 to 1; what lies beyond an end stands at it. */
export function placeOf(axis: Axis, move: number): number {
  const [low, high] = [Math.asinh(axis.low / BEND), Math.asinh(axis.high / BEND)];
  return Math.min(1, Math.max(0, (Math.asinh(move / BEND) - low) / (high - low)));
}

/** Round moves with room between them, from left to right. */
export function ticksOf(axis: Axis): readonly Tick[] {
  const chosen: Tick[] = [];
  for (const move of WORTH) {
    if (move < axis.low || move > axis.high) continue;
    const place = placeOf(axis, move);
    if (chosen.every((one) => Math.abs(one.place - place) >= CLOSEST)) chosen.push({ move, place });
  }
  return chosen.sort((one, other) => one.place - other.place);
}
