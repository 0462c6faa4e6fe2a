/** Asks "what if" of the server: the newest question alone, and its answer with the question that it answers. */

import { ApiError, post, type Schema } from "../../api/client";
import { isSame, type Question } from "./question";

type Answer = Schema<"WhatIfReply">;

/** A slider moves many times a second; one question goes out when it rests so long. */
const REST_MS = 120;
const BUSY_MS = 1_000;
const SUPERSEDED = 409;
const BUSY = 429;

export class Asking {
  /** The newest answer; it carries its own question, which may be an older one while `isBusy`. Reactive. */
  answer = $state.raw<Answer | null>(null);
  /** An answer to the newest question is not here yet. Reactive. */
  isBusy = $state(false);
  error = $state<string | null>(null);

  /** Windows of one person must not take each other's place. */
  readonly #page = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16)).join("");
  #timer: ReturnType<typeof setTimeout> | undefined;
  #under: AbortController | null = null;
  #turn = 0;

  /** Ask; what was asked before and is not answered yet is forgotten. */
  ask(question: Question, restMs = REST_MS): void {
    const turn = ++this.#turn;
    this.#under?.abort();
    clearTimeout(this.#timer);
    this.isBusy = true;
    this.#timer = setTimeout(() => void this.#send(question, turn), restMs);
  }

  /** Ask the same again, of the present moment, unless something is under way. */
  renew(question: Question): void {
    if (!this.isBusy && isSame(this.answer, question)) void this.#send(question, ++this.#turn);
  }

  stop(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#under?.abort();
  }

  async #send(question: Question, turn: number): Promise<void> {
    const under = (this.#under = new AbortController());
    try {
      const answer = await post("/api/v1/whatif", { ...question, page: this.#page }, { signal: under.signal });
      if (turn !== this.#turn) return;
      this.answer = answer;
      this.error = null;
      this.isBusy = false;
    } catch (error) {
      if (turn !== this.#turn || under.signal.aborted) return;
      if (error instanceof ApiError && (error.status === SUPERSEDED || error.status === BUSY)) {
        this.ask(question, BUSY_MS);
        return;
      }
      // An answer to another question must not stand where this one failed.
      if (!isSame(this.answer, question)) this.answer = null;
      this.error = error instanceof Error ? error.message : String(error);
      this.isBusy = false;
    }
  }
}
