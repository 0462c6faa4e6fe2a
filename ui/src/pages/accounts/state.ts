/** How the state of an account looks: a word and how loud it is. */

import { states } from "./words";

export type StateTone = "good" | "quiet" | "notice" | "critical";

type Heard = {
  readonly link_state: string;
  readonly is_included: boolean;
};

/** Whether it is heard, and whether what was heard is young enough to count. */
export function stateWord({ link_state, is_included }: Heard): string {
  const isStale = !is_included && (link_state === "streaming" || link_state === "polling");
  if (isStale) return states.stale;
  return Object.hasOwn(states, link_state) ? states[link_state as keyof typeof states] : link_state;
}

export function stateTone({ link_state, is_included }: Heard): StateTone {
  if (link_state === "starting") return "quiet";
  if (link_state === "lost" || link_state === "stopped") return "critical";
  if (!is_included) return "notice";
  return link_state === "streaming" ? "good" : "quiet";
}
