/** Dark or light; dark unless somebody chose. */

import { keep, recall } from "./kept";

export type Theme = "dark" | "light";

let chosen = $state<Theme>(recall("theme") === "light" ? "light" : "dark");

export const theme = {
  get current(): Theme {
    return chosen;
  },
  set(next: Theme): void {
    chosen = next;
    keep("theme", next);
    document.documentElement.dataset["theme"] = next;
  },
};

/** The value of a token of theme.css now, e.g. `token("--long")`; for what is drawn on a canvas. */
export function token(name: `--${string}`): string {
  void chosen;
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
