/** Why a number of a live table is missing: its row says, or the server is asked when somebody wants to know. */

import { get } from "../api/client";
import type { LiveTable } from "./tables.svelte";

const KEPT_MS = 3_000;

type Row = { readonly reasons?: Readonly<Record<string, string>> };
type Answer = { readonly rows: readonly Row[] };

const asked = new Map<string, { at: number; answer: Promise<Answer> }>();

function ask(route: string, account: string): Promise<Answer> {
  const key = `${route} ${account}`;
  const kept = asked.get(key);
  if (kept !== undefined && Date.now() - kept.at < KEPT_MS) return kept.answer;
  const answer =
    route === "accounts"
      ? get("/api/v1/accounts", { query: { account } })
      : get("/api/v1/positions", { query: { account } });
  asked.set(key, { at: Date.now(), answer: answer as Promise<Answer> });
  answer.catch(() => asked.delete(key));
  return answer as Promise<Answer>;
}

/** The reason in the server's words; null if it has none (any more). */
export async function reasonOf(table: LiveTable, slot: number, column: string): Promise<string | null> {
  const told = (table.rows.get(slot) as Row | undefined)?.reasons?.[column];
  if (told !== undefined) return told;
  const account = table.text(slot, "account_id");
  if (account === null) return null;
  const route = table.topic.split("?")[0] ?? "";
  const identity = route === "accounts" ? ["account_id"] : ["account_id", "instrument_id", "position_side"];
  const { rows } = await ask(route, account);
  const row = rows.find((one) => identity.every((field) => String((one as Record<string, unknown>)[field]) === table.text(slot, field)));
  return row?.reasons?.[column] ?? null;
}
