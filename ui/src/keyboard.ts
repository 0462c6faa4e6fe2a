/** Keys that work everywhere: `/` search, `g` and a letter to move, `?` help. Esc closes by itself (dialogs). */

import type { PageName } from "./router.svelte";

export const LETTERS: Readonly<Record<string, PageName>> = {
  o: "overview",
  a: "accounts",
  p: "positions",
  e: "exposure",
  s: "stress",
  d: "advice",
  l: "alerts",
  r: "reports",
  n: "analyst",
  h: "health",
};

const CHORD_MS = 1_500;

export type Actions = {
  go: (page: PageName) => void;
  search: () => void;
  help: () => void;
};

/** Whether what is typed belongs to a field. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

/** Listen; answers what ends it. */
export function startKeyboard(actions: Actions): () => void {
  let chordUntil = 0;
  const listen = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]") !== null) return;
    const page = event.timeStamp < chordUntil ? LETTERS[event.key.toLowerCase()] : undefined;
    chordUntil = 0;
    if (page !== undefined) actions.go(page);
    else if (event.key === "g") chordUntil = event.timeStamp + CHORD_MS;
    else if (event.key === "/") actions.search();
    else if (event.key === "?") actions.help();
    else return;
    event.preventDefault();
  };
  window.addEventListener("keydown", listen);
  return () => window.removeEventListener("keydown", listen);
}
