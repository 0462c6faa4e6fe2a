/** Points in time as charts take them: one for each whole second, in order. */

/** A moment in UTC seconds; null where nothing was known. */
export type Point = { readonly at: number; readonly value: number | null };

/**
 * The same points at whole seconds, ascending; of several within one second the last given stays.
 * A chart that is given a second twice cannot find its own points again and draws nothing.
 */
export function bySecond(points: readonly Point[]): readonly Point[] {
  const last = new Map<number, Point>();
  for (const { at, value } of points) last.set(Math.round(at), { at: Math.round(at), value });
  return [...last.values()].toSorted((one, other) => one.at - other.at);
}
