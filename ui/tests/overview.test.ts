import { afterEach, expect, test, vi } from "vitest";
import { placeOf, TICKS } from "../src/pages/overview/ladder";
import { pathOf, Sparklines } from "../src/pages/overview/sparklines.svelte";

afterEach(() => {
  vi.unstubAllGlobals();
});

test("now is in the middle of the axis, falls left and rises right of it in their order", () => {
  expect(placeOf(0)).toBe(0.5);
  const places = [-0.99, -0.7, -0.3, -0.05, 0, 0.05, 0.3, 2, 50].map(placeOf);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places[0]).toBe(0);
  expect(places.at(-1)).toBe(1);
  // A fall and the rise that undoes it are equally far away.
  expect(placeOf(-0.2) + placeOf(0.25)).toBeCloseTo(1, 12);
});

test("marks of the axis leave each other room", () => {
  const places = TICKS.map(placeOf);
  const gaps = places.slice(1).map((place, at) => place - (places[at] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(0.05);
});

test("a curve keeps its gaps and draws nothing of a single moment", () => {
  expect(pathOf([])).toBe("");
  expect(pathOf([1, null, null])).toBe("");
  expect(pathOf([1, 2, null, 3, 4], 10, 10).match(/[ML]/g)).toEqual(["M", "L", "M", "L"]);
  const ys = [...pathOf([5, 5, 5], 10, 10).matchAll(/ ([\d.]+)/g)].map(([, y]) => y);
  expect(new Set(ys)).toEqual(new Set(["5.0"]));
});

function answer(moments: number, accounts: string[]): Response {
  const rows = accounts.map((account_id) => ({ account_id, equity_usd: Array(moments).fill(1) }));
  return new Response(JSON.stringify({ at_ns: Array(moments).fill(0), rows }));
}

test("curves are asked for once a minute, each account once, and of an hour while the history is young", async () => {
  vi.stubGlobal("location", { origin: "http://127.0.0.1:1" });
  const asked: URL[] = [];
  let moments = 48;
  vi.stubGlobal("fetch", (url: URL) => {
    asked.push(url);
    return Promise.resolve(answer(moments, url.searchParams.getAll("account")));
  });
  const sparklines = new Sparklines();
  await sparklines.want(["a", "b"], 0);
  expect(asked.map((url) => url.search)).toEqual(["?account=a&account=b&hours=24&points=48"]);
  await sparklines.want(["a", "b"], 59_000);
  expect(asked).toHaveLength(1);
  moments = 2;
  await sparklines.want(["b", "c"], 59_500);
  expect(asked.slice(1).map((url) => [url.searchParams.getAll("account"), url.searchParams.get("hours")])).toEqual([
    [["c"], "24"],
    [["c"], "1"],
  ]);
  expect(sparklines.hours).toBe(1);
  expect(sparklines.curve("a")).toHaveLength(48);
  expect(sparklines.curve("nobody")).toBeNull();
});

test("a question that fails is asked again a minute later, not at once", async () => {
  vi.stubGlobal("location", { origin: "http://127.0.0.1:1" });
  let n = 0;
  vi.stubGlobal("fetch", () => {
    n += 1;
    return Promise.reject(new Error("gone"));
  });
  const sparklines = new Sparklines();
  await sparklines.want(["a"], 0);
  await sparklines.want(["a"], 1_000);
  expect(n).toBe(1);
  await sparklines.want(["a"], 61_000);
  expect(n).toBe(2);
});
