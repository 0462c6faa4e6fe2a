/** The zone that times are shown in: the browser's or UTC. */

import { keep, recall } from "../kept";

export type Zone = "local" | "UTC";

let chosen = $state<Zone>(recall("zone") === "UTC" ? "UTC" : "local");

export const zone = {
  get current(): Zone {
    return chosen;
  },
  /** What Intl wants: undefined is the browser's own. */
  get name(): string | undefined {
    return chosen === "UTC" ? "UTC" : undefined;
  },
  set(next: Zone): void {
    chosen = next;
    keep("zone", next);
  },
};
