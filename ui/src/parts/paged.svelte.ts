/** Stored rows, newest first, a page at a time; the first page is read anew now and then. */

import { ApiError } from "../api/client";

const PAGE = 100;
const AGAIN_MS = 4_000;

/** Which rows: how many, and before which. */
type Query = { limit: number; before?: number };

export class Paged<Row extends { readonly id: number }> {
  /** Reactive. */
  rows = $state.raw<readonly Row[]>([]);
  /** Null before the first answer. Reactive. */
  hasMore = $state.raw<boolean | null>(null);
  /** Reactive. */
  error = $state.raw<string | null>(null);
  #isAsking = false;
  readonly #read: (query: Query) => Promise<readonly Row[]>;

  constructor(read: (query: Query) => Promise<readonly Row[]>) {
    this.#read = read;
  }

  /** Follow the newest until the answer is called; for an effect. */
  following(): () => void {
    void this.#newest();
    const timer = setInterval(() => void this.#newest(), AGAIN_MS);
    return () => clearInterval(timer);
  }

  async more(): Promise<void> {
    const last = this.rows.at(-1);
    if (last === undefined) return;
    await this.#ask(last.id, (found) => {
      this.rows = [...this.rows, ...found];
      this.hasMore = found.length === PAGE;
    });
  }

  async #newest(): Promise<void> {
    await this.#ask(undefined, (found) => {
      const newest = this.rows[0]?.id ?? 0;
      // What is older stays, unless a whole page came meanwhile.
      const joins = found.some((row) => row.id <= newest);
      const known = joins ? this.rows.filter((row) => row.id < (found.at(-1)?.id ?? 0)) : [];
      if (this.hasMore === null || !joins) this.hasMore = found.length === PAGE;
      this.rows = [...found, ...known];
    });
  }

  async #ask(before: number | undefined, take: (found: readonly Row[]) => void): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      take(await this.#read(before === undefined ? { limit: PAGE } : { limit: PAGE, before }));
      this.error = null;
    } catch (error) {
      this.error = error instanceof ApiError ? error.message : String(error);
    } finally {
      this.#isAsking = false;
    }
  }
}
