import { describe, expect, test } from "vitest";
import { href, PAGE_NAMES, parsePlace } from "../src/router.svelte";
import { LETTERS } from "../src/keyboard";
import { find, type Find } from "../src/shell/search";

describe("addresses", () => {
  test.each(PAGE_NAMES)("%s is there and back", (page) => {
    expect(parsePlace(href(page))).toMatchObject({ page, id: null });
  });

  test.each(["mm-1", "a/b", "a?b=c#d", "交易", "100%", "..", "<b>"])("an account %s stays in its part", (id) => {
    const place = parsePlace(href("accounts", id, { tab: "history" }));
    expect(place.page).toBe("accounts");
    expect(place.id).toBe(id);
    expect(place.query.get("tab")).toBe("history");
  });

  test("nothing is the overview, and what is no page is none", () => {
    expect(parsePlace("").page).toBe("overview");
    expect(parsePlace("#/").page).toBe("overview");
    expect(parsePlace("#/nowhere").page).toBeNull();
    expect(parsePlace("#/constructor").page).toBeNull();
    expect(parsePlace("#/exposure/BTC").page).toBeNull();
    expect(parsePlace("#/accounts/%E0%A4%A").id).toBe("%E0%A4%A");
  });

  test("what is empty leaves the address", () => {
    expect(href("positions", null, { asset: "", desk: null, fresh: true, sort: "-net" })).toBe("#/positions?fresh=1&sort=-net");
  });
});

test("each letter moves to a page of its own", () => {
  expect(new Set(Object.values(LETTERS))).toEqual(new Set(PAGE_NAMES));
  expect(Object.keys(LETTERS)).toHaveLength(PAGE_NAMES.length);
});

describe("search", () => {
  const all: Find[] = [
    { kind: "page", name: "health", label: "Health", address: "#/health" },
    { kind: "account", name: "alpha-mm", label: "alpha-mm", address: "#/accounts/alpha-mm" },
    { kind: "account", name: "mm-2", label: "mm-2", address: "#/accounts/mm-2" },
    { kind: "account", name: "mm-10", label: "mm-10", address: "#/accounts/mm-10" },
    { kind: "account", name: "hammer", label: "hammer", address: "#/accounts/hammer" },
  ];

  test("beginnings come before words inside, and these before the rest", () => {
    expect(find(all, " MM ").map(({ name }) => name)).toEqual(["mm-2", "mm-10", "alpha-mm", "hammer"]);
  });

  test("nothing typed shows pages; nothing found is nothing", () => {
    expect(find(all, "").map(({ name }) => name)).toEqual(["health"]);
    expect(find(all, "zzz")).toEqual([]);
  });
});
