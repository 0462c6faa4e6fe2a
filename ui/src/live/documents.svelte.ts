/** Whole replies that the server sends when they change; asked for while somebody shows them. */

import type { Schema } from "../api/client";
import { connection } from "./connection.svelte";

/** Topic → the reply that it carries, the same as of the route of that name. */
export type Documents = {
  overview: Schema<"OverviewReply">;
  summary: Schema<"SummaryReply">;
  exposure: Schema<"ExposureReply">;
  matrix: Schema<"MatrixReply">;
  margin: Schema<"MarginReply">;
  stress: Schema<"StressReply">;
  var: Schema<"VarReply">;
  levels: Schema<"LevelsReply">;
  calendars: Schema<"CalendarsReply">;
  advice: Schema<"AdviceReply">;
  alerts: Schema<"AlertsReply">;
  rules: Schema<"RulesReply">;
  silences: Schema<"SilencesReply">;
  health: Schema<"HealthReply">;
  account: Schema<"AccountDetail">;
};

export type DocumentName = keyof Documents;
/** A name, or a name and a query: `exposure?by=asset`. */
export type Topic<Name extends DocumentName = DocumentName> = Name | `${Name}?${string}`;
type OfTopic<Wanted> = Wanted extends `${infer Name extends DocumentName}?${string}`
  ? Documents[Name]
  : Wanted extends DocumentName
    ? Documents[Wanted]
    : never;

export class Live<Document> {
  /** The newest; null until it came. Kept when the connection fails: the page then greys it. Reactive. */
  current = $state.raw<Document | null>(null);
  /** Why there is none, in the server's words. Reactive. */
  error = $state.raw<string | null>(null);
}

/**
 * Follow a document while the component is on the page. Call it where a component begins.
 *
 * `topic` may be a text, or a function of reactive state (null: nothing is wanted now).
 */
export function useDocument<Wanted extends Topic>(topic: Wanted | (() => Wanted | null)): Live<OfTopic<Wanted>> {
  const live = new Live<OfTopic<Wanted>>();
  // Derived: a change of the address that changes no topic must not let go of what is held.
  const asked = $derived(typeof topic === "function" ? topic() : topic);
  let about: string | null = null;
  $effect(() => {
    const wanted = asked;
    // The same in another language stays until that has come.
    if (about !== null && about === aboutOf(wanted)) live.error = null;
    else forget(live);
    about = aboutOf(wanted);
    if (wanted === null) return undefined;
    return connection.listen(wanted, {
      document: (document) => {
        live.current = document as OfTopic<Wanted>;
        live.error = null;
      },
      failed: (message) => {
        live.error = message;
      },
    });
  });
  return live;
}

function forget(live: Live<unknown>): void {
  live.current = null;
  live.error = null;
}

/** A topic without the language of its texts. */
function aboutOf(topic: string | null): string | null {
  return topic?.replace(/[?&]language=\w+$/, "") ?? null;
}
