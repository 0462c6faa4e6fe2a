/** How far back a curve goes, as the address says it: `range=6h`; a day where it says nothing. */

import { route, setQuery } from "../router.svelte";
import { ranges } from "../words/common";

export const RANGES = { "1h": 1, "6h": 6, "24h": 24, "7d": 168 } as const;
export type Range = keyof typeof RANGES;

const USUAL: Range = "24h";
const NAMES = Object.keys(RANGES) as Range[];

/** The range that the address asks for. */
export function askedRange(): Range {
  const asked = route.param("range");
  return NAMES.find((name) => name === asked) ?? USUAL;
}

/** Put another one there. */
export function askRange(range: Range): void {
  setQuery({ range: range === USUAL ? null : range });
}

/** What a row of tabs offers, in the chosen language. */
export function rangeTabs(): { readonly name: Range; readonly label: string }[] {
  return NAMES.map((name) => ({ name, label: ranges[name] }));
}
