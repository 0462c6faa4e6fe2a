/** Where moves of Bitcoin stand on the axis of the ladder. */

/** The ends of the axis; what lies beyond stands at the end. */
const LOWEST = -0.7;

function stretched(shock: number): number {
  const log = Math.log1p(Math.max(-0.99, shock));
  // The root makes room for small moves, which are the dangerous ones.
  return Math.sign(log) * Math.sqrt(Math.abs(log));
}

const HALF = Math.abs(stretched(LOWEST));

/** The place of a move, from 0 (a fall of 70% or more) over 0.5 (now) to 1 (as many times up). */
export function placeOf(shock: number): number {
  return Math.min(1, Math.max(0, 0.5 + stretched(shock) / (2 * HALF)));
}

/** Moves that are written on the axis. */
export const TICKS = [-0.5, -0.25, -0.1, 0, 0.1, 0.35, 1] as const;
