/** Where each page's code is; fetched when it is first opened. */

import type { Component } from "svelte";
import type { PageName } from "./router.svelte";

/** What every page is given: the id in its address, if it has one. */
export type PageProps = { id: string | null };

type Load = () => Promise<{ default: Component<PageProps> }>;

const LISTS: Readonly<Record<PageName, Load>> = {
  overview: () => import("./pages/overview/Page.svelte"),
  accounts: () => import("./pages/accounts/Page.svelte"),
  positions: () => import("./pages/positions/Page.svelte"),
  exposure: () => import("./pages/exposure/Page.svelte"),
  stress: () => import("./pages/stress/Page.svelte"),
  advice: () => import("./pages/advice/Page.svelte"),
  alerts: () => import("./pages/alerts/Page.svelte"),
  reports: () => import("./pages/reports/Page.svelte"),
  analyst: () => import("./pages/analyst/Page.svelte"),
  health: () => import("./pages/health/Page.svelte"),
};

const account: Load = () => import("./pages/account/Page.svelte");

/** The page for an address; one account is a page of its own. */
export function load(page: PageName, id: string | null): Load {
  return page === "accounts" && id !== null ? account : LISTS[page];
}
