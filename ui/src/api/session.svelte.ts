/** Who sits here: whether somebody must sign in, and whether they may change anything. */

import { ApiError, onRefused, setCsrf } from "./client";

/** As `/api/v1/session` answers. */
export type Session = {
  readonly is_signed_in: boolean;
  readonly role: "viewer" | "operator" | null;
  readonly needs_login: boolean;
  readonly csrf: string | null;
  readonly version: string;
  readonly has_password: boolean;
};

class CurrentSession {
  /** Null until the server answered. Reactive. */
  current = $state.raw<Session | null>(null);
  /** What kept it from answering. Reactive. */
  error = $state.raw<string | null>(null);

  get mustSignIn(): boolean {
    return this.current !== null && this.current.needs_login && !this.current.is_signed_in;
  }

  /** Whether acknowledging, silencing and the like are theirs to do. */
  get isOperator(): boolean {
    return this.current?.role === "operator";
  }

  async load(): Promise<void> {
    await this.#ask("GET");
  }

  /** Throws ApiError: 401 wrong, 429 too often (`retryAfter`). */
  async signIn(password: string): Promise<void> {
    await this.#ask("POST", { password });
  }

  async signOut(): Promise<void> {
    await this.#ask("DELETE");
    await this.#ask("GET");
  }

  async #ask(method: "GET" | "POST" | "DELETE", body?: object): Promise<void> {
    let response: Response;
    try {
      response = await fetch("/api/v1/session", {
        method,
        credentials: "same-origin",
        redirect: "error",
        headers: {
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...(this.current?.csrf == null ? {} : { "X-CSRF-Token": this.current.csrf }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
      throw new ApiError(0, this.error);
    }
    if (!response.ok) {
      const wait = Number(response.headers.get("Retry-After") ?? Number.NaN);
      const told = (await response.json().catch(() => ({}))) as { detail?: unknown };
      const message = typeof told.detail === "string" ? told.detail : response.statusText;
      if (method === "GET") this.error = message;
      throw new ApiError(response.status, message, Number.isFinite(wait) ? wait : null);
    }
    this.error = null;
    const text = await response.text();
    if (text === "") return;
    this.current = JSON.parse(text) as Session;
    setCsrf(this.current.csrf);
  }
}

export const session = new CurrentSession();

onRefused(() => session.load());
