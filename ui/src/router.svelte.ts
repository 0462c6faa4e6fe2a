/** The address: `#/page/id?view=state`. Views keep their state in the query part, so that a link shows the same again. */

export const PAGE_NAMES = [
  "overview",
  "accounts",
  "positions",
  "exposure",
  "stress",
  "advice",
  "alerts",
  "reports",
  "analyst",
  "health",
] as const;

export type PageName = (typeof PAGE_NAMES)[number];

/** Where somebody is; `page` is null for an address that names no page. */
export type Place = {
  readonly page: PageName | null;
  readonly id: string | null;
  readonly query: URLSearchParams;
};

/** Changes of the query part: null or "" removes a key. */
export type Changes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Pages that show one thing by its id. */
const WITH_ID: ReadonlySet<PageName> = new Set<PageName>(["accounts", "alerts", "reports"]);

/** Read the hash of an address. */
export function parsePlace(hash: string): Place {
  const text = hash.replace(/^#?\/?/, "");
  const cut = text.indexOf("?");
  const path = cut < 0 ? text : text.slice(0, cut);
  const query = new URLSearchParams(cut < 0 ? "" : text.slice(cut + 1));
  const slash = path.indexOf("/");
  const name = slash < 0 ? path : path.slice(0, slash);
  const rest = slash < 0 ? "" : path.slice(slash + 1).replace(/\/$/, "");
  if (name === "") return { page: "overview", id: null, query };
  const page = PAGE_NAMES.find((known) => known === name) ?? null;
  const id = rest === "" ? null : decoded(rest);
  if (page === null || (id !== null && !WITH_ID.has(page))) return { page: null, id: null, query };
  return { page, id, query };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Write the address of a place; what stands in an account's name cannot leave its part. */
export function href(page: PageName, id?: string | null, query?: Changes | URLSearchParams): string {
  const path = id == null || id === "" ? `#/${page}` : `#/${page}/${encodeURIComponent(id)}`;
  const text = (query instanceof URLSearchParams ? query : changed(new URLSearchParams(), query ?? {})).toString();
  return text === "" ? path : `${path}?${text}`;
}

function changed(query: URLSearchParams, changes: Changes): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const [key, value] of Object.entries(changes)) {
    if (value == null || value === "" || value === false) next.delete(key);
    else next.set(key, value === true ? "1" : String(value));
  }
  return next;
}

let place = $state.raw<Place>(parsePlace(typeof location === "undefined" ? "" : location.hash));

/** The place now; reactive. */
export const route = {
  get page(): PageName | null {
    return place.page;
  },
  get id(): string | null {
    return place.id;
  },
  get query(): URLSearchParams {
    return place.query;
  },
  /** One part of the view's state, null if it is not there. */
  param(name: string): string | null {
    return place.query.get(name);
  },
};

/** Go to a place; the way back stays. */
export function go(page: PageName, id?: string | null, query?: Changes): void {
  location.hash = href(page, id, query);
}

/** Change the view's state without a step in the history, e.g. while a filter is typed. */
export function setQuery(changes: Changes): void {
  if (place.page === null) return;
  const next = href(place.page, place.id, changed(place.query, changes));
  history.replaceState(history.state, "", next);
  place = parsePlace(next);
}

/** Follow the address bar; answers what ends it. */
export function startRouter(): () => void {
  const follow = (): void => {
    place = parsePlace(location.hash);
  };
  follow();
  window.addEventListener("hashchange", follow);
  return () => window.removeEventListener("hashchange", follow);
}
