import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError, exportUrl, get, post, setCsrf } from "../src/api/client";
import { session } from "../src/api/session.svelte";

type Asked = { method: string; path: string; csrf: string | undefined; body: unknown };

let asked: Asked[];
let answers: (one: Asked) => Response;

beforeEach(() => {
  asked = [];
  vi.stubGlobal("location", { origin: "http://127.0.0.1:1" });
  vi.stubGlobal("fetch", (url: URL | string, init: { method: string; headers: Record<string, string>; body?: string }) => {
    const { pathname, search } = new URL(String(url), "http://127.0.0.1:1");
    const one = { method: init.method, path: pathname + search, csrf: init.headers["X-CSRF-Token"], body: init.body === undefined ? null : JSON.parse(init.body) };
    asked.push(one);
    return Promise.resolve(answers(one));
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  setCsrf(null);
});

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

const ACK = "/api/v1/alerts/{alert_id}/ack";
const BODY = { author: "ann", comment: "", for_s: 60 };

function acknowledge(): Promise<unknown> {
  return post(ACK, BODY, { path: { alert_id: "a/b" } });
}

test("reads show no token, changes do; what stands in a path stays in its part", async () => {
  setCsrf("secret");
  answers = () => json({ rows: [] });
  await get("/api/v1/accounts", { query: { desk: "a b&c" } });
  await acknowledge();
  expect(asked).toEqual([
    { method: "GET", path: "/api/v1/accounts?desk=a+b%26c", csrf: undefined, body: null },
    { method: "POST", path: "/api/v1/alerts/a%2Fb/ack", csrf: "secret", body: BODY },
  ]);
});

test("a refusal says what the server says, and when to come again", async () => {
  answers = () => json({ detail: "too many questions" }, 429, { "Retry-After": "7" });
  const failure = await get("/api/v1/accounts").catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ApiError);
  expect(failure).toMatchObject({ status: 429, message: "too many questions", retryAfter: 7 });
});

test("a page of another server is no answer that can be shown", async () => {
  answers = () => new Response("<html>bad gateway</html>", { status: 502, statusText: "Bad Gateway" });
  await expect(get("/api/v1/accounts")).rejects.toMatchObject({ status: 502, retryAfter: null });
});

test("a change refused for an old token is tried once more with the new one", async () => {
  setCsrf("old");
  answers = ({ path, csrf }) => {
    if (path === "/api/v1/session") return json({ is_signed_in: false, role: "operator", needs_login: false, csrf: "new", version: "1", has_password: false });
    return csrf === "new" ? json({ alert_id: "a/b" }) : json({ detail: "token" }, 403);
  };
  await acknowledge();
  expect(asked.map(({ method, csrf }) => [method, csrf])).toEqual([["POST", "old"], ["GET", undefined], ["POST", "new"]]);
  expect(session.isOperator).toBe(true);
});

test("a change refused for good is refused once", async () => {
  answers = ({ path }) =>
    path === "/api/v1/session"
      ? json({ is_signed_in: true, role: "viewer", needs_login: true, csrf: "same", version: "1", has_password: true })
      : json({ detail: "only operators may" }, 403);
  await session.load();
  await expect(acknowledge()).rejects.toMatchObject({ status: 403, message: "only operators may" });
  expect(asked.filter(({ method }) => method === "POST")).toHaveLength(1);
  expect(session.isOperator).toBe(false);
});

test("an export's address holds what is asked for and nothing that is empty", () => {
  expect(exportUrl("positions", "csv", { account: "a&b", desk: "", asset: null })).toBe("/api/v1/export/positions.csv?account=a%26b");
});
