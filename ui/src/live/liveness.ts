/**
 * Whether what is seen is now. Pure: fed with messages and asked with the time, so that a test can hold its clock.
 *
 * A page may sleep (a hidden tab, a closed lid); then no timer ran, and the first question after it must tell. Callers
 * therefore ask with the time at once when the page wakes, before anything is drawn.
 */

/** Why it is not live. */
export type Trouble = "connecting" | "silent" | "closed" | "frozen" | "stuck";

export type Beat = {
  readonly at_ns: number;
  readonly frame_sequence: number | null;
  readonly frame_at_ns: number | null;
  readonly is_alive: boolean;
};

/** Beats come each second, and the frame's own document more often. Asked five times a second, silence shows within 2 s. */
export const SILENT_AFTER_MS = 1_600;
/** A frame comes at least each second, by the server's own clock. */
export const FROZEN_AFTER_S = 2;
/** A socket this silent is dead although it says nothing. */
export const DEAD_AFTER_MS = 5_000;
const OFFSETS_KEPT = 30;

export class Liveness {
  #isOpen = false;
  #hasOpened = false;
  #heardAt = Number.NEGATIVE_INFINITY;
  #beat: Beat | null = null;
  #offsets: number[] = [];

  /** The socket is open. */
  opened(now: number): void {
    this.#isOpen = true;
    this.#hasOpened = true;
    this.#heardAt = now;
    this.#beat = null;
  }

  /** The socket is closed. */
  closed(): void {
    this.#isOpen = false;
    this.#beat = null;
  }

  /** Any message came. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  /** A beat came. */
  beat(beat: Beat, now: number): void {
    this.#heardAt = now;
    this.#beat = beat;
    this.#offsets.push(beat.at_ns / 1e6 - now);
    if (this.#offsets.length > OFFSETS_KEPT) this.#offsets.shift();
  }

  /** Milliseconds since anything was heard. */
  silence(now: number): number {
    return now - this.#heardAt;
  }

  /** What is wrong, or null if all is live. `now` is the browser's clock, milliseconds. */
  trouble(now: number): Trouble | null {
    if (!this.#isOpen) return this.#hasOpened ? "closed" : "connecting";
    // A clock that was set back cannot tell how long it was silent: the next beat will.
    if (this.silence(now) > SILENT_AFTER_MS || this.silence(now) < -SILENT_AFTER_MS) return "silent";
    if (this.#beat === null) return "connecting";
    if (!this.#beat.is_alive) return "stuck";
    const frame = this.#beat.frame_at_ns;
    if (frame === null || (this.#beat.at_ns - frame) / 1e9 > FROZEN_AFTER_S) return "frozen";
    return null;
  }

  /** Whether the socket should be given up. */
  isDead(now: number): boolean {
    return this.#isOpen && Math.abs(this.silence(now)) > DEAD_AFTER_MS;
  }

  /** Add this to the browser's clock (ms) to have the server's: the beat that came quickest tells it best. */
  get offset(): number {
    return this.#offsets.length === 0 ? 0 : Math.max(...this.#offsets);
  }

  /** When the last frame was made, UTC seconds. */
  get frameAt(): number | null {
    const at = this.#beat?.frame_at_ns ?? null;
    return at === null ? null : at / 1e9;
  }
}

/** How long to wait before try number `attempt` (from 0): half a second, doubled, at most 5 s, shortened by up to a half. */
export function backoff(attempt: number, random: number): number {
  return Math.min(5_000, 500 * 2 ** attempt) * (1 - 0.5 * random);
}
