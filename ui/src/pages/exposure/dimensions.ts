/** By what exposure is grouped. */

export const DIMENSIONS = ["asset", "account", "desk", "tag", "venue"] as const;

export type Dimension = (typeof DIMENSIONS)[number];

/** The dimension that an address names; coins if it names none. */
export function dimensionOf(text: string | null): Dimension {
  return DIMENSIONS.find((name) => name === text) ?? "asset";
}

/** The venue's own symbol in the name of a contract: what stands behind the last colon. */
export function symbolOf(instrument: string | null | undefined): string {
  return instrument == null ? "—" : instrument.slice(instrument.lastIndexOf(":") + 1);
}
