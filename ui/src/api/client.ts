/** The API, typed from its own description. Every failure is an `ApiError` whose message can be shown. */

import type { components, paths } from "./schema";

/** A struct of the API by its name. */
export type Schema<Name extends string> = Name extends keyof components["schemas"] ? components["schemas"][Name] : never;

export class ApiError extends Error {
  override readonly name = "ApiError";

  /** `status` is 0 where no answer came at all; `retryAfter` in seconds, where the server says. */
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

type Method = "get" | "post" | "put" | "delete";
type Operation<Path extends keyof paths, Verb extends Method> = paths[Path] extends Record<Verb, infer Found> ? Found : never;
type PathsOf<Verb extends Method> = {
  [Path in keyof paths]: Operation<Path, Verb> extends { responses: unknown } ? Path : never;
}[keyof paths];
type Body<Content> = Content extends { content: { "application/json": infer Json } } ? Json : null;
type Answer<Found> = Found extends { responses: infer Responses }
  ? Body<Responses extends { 200: infer Ok } ? Ok : Responses extends { 201: infer Made } ? Made : never>
  : never;
type Given<Found, Part extends "query" | "path"> = Found extends { parameters: { [Key in Part]?: infer Wanted } } ? Wanted : never;
type Sent<Found> = Found extends { requestBody?: { content: { "application/json": infer Json } } } ? Json : never;

export type Asking<Found> = {
  readonly query?: Given<Found, "query">;
  readonly path?: Given<Found, "path">;
  readonly signal?: AbortSignal;
};

let csrf: string | null = null;

/** Remember what must be shown with every request that changes something. */
export function setCsrf(token: string | null): void {
  csrf = token;
}

let renew: (() => Promise<void>) | null = null;

/** Say how to come by a new one: a server that began anew knows none of before. */
export function onRefused(renewal: () => Promise<void>): void {
  renew = renewal;
}

const WAIT_MS = 20_000;
const FORBIDDEN = 403;

type Told = { query?: object | undefined; path?: object | undefined; signal?: AbortSignal | undefined; body?: unknown };

/** Ask; once more if it was refused for a token that has become another meanwhile. */
async function request(method: Method, template: string, asking: Told): Promise<unknown> {
  const shown = csrf;
  try {
    return await requestOnce(method, template, asking);
  } catch (error) {
    if (method === "get" || renew === null || !(error instanceof ApiError) || error.status !== FORBIDDEN) throw error;
    await renew().catch(() => undefined);
    if (csrf === shown) throw error;
    return await requestOnce(method, template, asking);
  }
}

async function requestOnce(method: Method, template: string, asking: Told): Promise<unknown> {
  const path = template.replace(/\{(\w+)(?::\w+)?\}/g, (_, name: string) =>
    encodeURIComponent(String((asking.path as Record<string, unknown> | undefined)?.[name] ?? "")),
  );
  const url = new URL(path, location.origin);
  for (const [key, value] of Object.entries(asking.query ?? {})) {
    // A list is the same name once for each of it: account=a&account=b.
    for (const one of Array.isArray(value) ? value : [value]) if (one != null) url.searchParams.append(key, String(one));
  }
  const headers: Record<string, string> = { Accept: "application/json" };
  if (asking.body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "get" && csrf !== null) headers["X-CSRF-Token"] = csrf;
  const timeout = AbortSignal.timeout(WAIT_MS);
  let response: Response;
  try {
    response = await fetch(url, {
      method: method.toUpperCase(),
      headers,
      credentials: "same-origin",
      redirect: "error",
      signal: asking.signal === undefined ? timeout : AbortSignal.any([asking.signal, timeout]),
      ...(asking.body === undefined ? {} : { body: JSON.stringify(asking.body) }),
    });
  } catch (error) {
    if (asking.signal?.aborted === true) throw error;
    throw new ApiError(0, error instanceof Error ? error.message : String(error));
  }
  const text = await response.text();
  if (!response.ok) throw failure(response, text);
  return text === "" ? null : (JSON.parse(text) as unknown);
}

function failure(response: Response, text: string): ApiError {
  let message = text.slice(0, 500);
  try {
    const told = JSON.parse(text) as { detail?: unknown };
    if (typeof told.detail === "string") message = told.detail;
  } catch {
    // Not JSON: the text itself is the message.
  }
  const wait = Number(response.headers.get("Retry-After") ?? Number.NaN);
  return new ApiError(response.status, message === "" ? response.statusText : message, Number.isFinite(wait) ? wait : null);
}

/** Read. */
export function get<Path extends PathsOf<"get">>(
  path: Path,
  asking: Asking<Operation<Path, "get">> = {},
): Promise<Answer<Operation<Path, "get">>> {
  return request("get", path, asking as object) as Promise<Answer<Operation<Path, "get">>>;
}

/** Change something, or ask with a body. */
export function post<Path extends PathsOf<"post">>(
  path: Path,
  body: Sent<Operation<Path, "post">>,
  asking: Asking<Operation<Path, "post">> = {},
): Promise<Answer<Operation<Path, "post">>> {
  return request("post", path, { ...(asking as object), body }) as Promise<Answer<Operation<Path, "post">>>;
}

/** Remove. */
export function remove<Path extends PathsOf<"delete">>(
  path: Path,
  asking: Asking<Operation<Path, "delete">> = {},
): Promise<Answer<Operation<Path, "delete">>> {
  return request("delete", path, asking as object) as Promise<Answer<Operation<Path, "delete">>>;
}

/** The address of an export, for a link with `download`: the browser's own session opens it. */
export function exportUrl(
  table: string,
  format: "csv" | "parquet" | "json",
  query: Readonly<Record<string, string | number | null | undefined>> = {},
): string {
  const url = new URL(`/api/v1/export/${encodeURIComponent(table)}.${format}`, location.origin);
  for (const [key, value] of Object.entries(query)) if (value != null && value !== "") url.searchParams.set(key, String(value));
  return url.pathname + url.search;
}
