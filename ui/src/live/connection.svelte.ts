/** The one socket: opened at the start, opened again when it fails, and what is asked of it by all that is on the page. */

import { decodeTable, type TableMessage } from "./decode";
import { backoff, Liveness, type Beat, type Trouble } from "./liveness";

const LOOK_MS = 200;
/** `WebSocket.OPEN`, which a test's surroundings need not have. */
const OPEN = 1;
/** How the server ends the stream of a session that has ended. */
const NOT_ALLOWED = 1008;

export type TopicListener = {
  document?: (document: unknown) => void;
  table?: (message: TableMessage) => void;
  failed?: (message: string) => void;
};

type TextMessage = {
  beat?: Beat;
  topic?: string;
  document?: unknown;
  error?: string;
};

/** Who may open sockets and tell the time; a test gives its own. */
export type Surroundings = {
  open: () => WebSocket;
  now: () => number;
  random: () => number;
};

const BROWSER: Surroundings = {
  open: () => {
    const url = new URL("/api/v1/stream", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return new WebSocket(url);
  },
  now: () => Date.now(),
  random: () => Math.random(),
};

export class Connection {
  /** What keeps the page from being live; null when it is. Reactive. */
  trouble = $state.raw<Trouble | null>("connecting");
  /** The server's time, UTC seconds; ticks five times a second. Reactive: ages are `connection.clock - at`. */
  clock = $state.raw(Date.now() / 1_000);
  /** When the last frame was made, UTC seconds. Reactive. */
  frameAt = $state.raw<number | null>(null);
  /** Counts connections that came after another and tries that failed: the session may have ended meanwhile. Reactive. */
  turns = $state.raw(0);

  readonly #liveness = new Liveness();
  readonly #listeners = new Map<string, Set<TopicListener>>();
  readonly #documents = new Map<string, unknown>();
  /** Topics that got their first listener since the server was last asked. */
  readonly #renewed = new Set<string>();
  readonly #around: Surroundings;
  #socket: WebSocket | null = null;
  #hasOpened = false;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #looking: ReturnType<typeof setInterval> | undefined;
  #isSending = false;
  /** What the server knows to be wanted of this socket. */
  #asked = "";

  constructor(around: Surroundings = BROWSER) {
    this.#around = around;
  }

  get isLive(): boolean {
    return this.trouble === null;
  }

  /** The server's time, UTC seconds, not reactive. */
  now(): number {
    return (this.#around.now() + this.#liveness.offset) / 1_000;
  }

  start(): void {
    if (this.#looking !== undefined) return;
    this.#looking = setInterval(this.#look, LOOK_MS);
    globalThis.document?.addEventListener("visibilitychange", this.#woken);
    globalThis.addEventListener?.("online", this.#woken);
    globalThis.addEventListener?.("pageshow", this.#woken);
    this.#connect();
  }

  stop(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
    clearTimeout(this.#retry);
    globalThis.document?.removeEventListener("visibilitychange", this.#woken);
    globalThis.removeEventListener?.("online", this.#woken);
    globalThis.removeEventListener?.("pageshow", this.#woken);
    this.#drop();
    this.#look();
  }

  /** Hear of a topic until the answer is called. */
  listen(topic: string, listener: TopicListener): () => void {
    const there = this.#listeners.get(topic);
    if (there === undefined) {
      this.#listeners.set(topic, new Set([listener]));
      // Left and wanted again in one turn, as between two pages: the server does not say again what it has said.
      if (this.#documents.has(topic)) listener.document?.(this.#documents.get(topic));
      else this.#renewed.add(topic);
      this.#ask();
    } else {
      there.add(listener);
      // It came too late for the first one; tables are shared (tables.svelte.ts), documents are kept.
      if (this.#documents.has(topic)) listener.document?.(this.#documents.get(topic));
    }
    return () => {
      const all = this.#listeners.get(topic);
      all?.delete(listener);
      if (all?.size === 0) {
        this.#listeners.delete(topic);
        this.#ask();
      }
    };
  }

  /** Ask for the whole of a topic again. */
  resync(topic: string): void {
    this.#send({ resync: topic });
  }

  readonly #look = (): void => {
    const now = this.#around.now();
    if (this.#liveness.isDead(now)) {
      this.#drop();
      this.#later();
    }
    this.clock = this.now();
    this.trouble = this.#liveness.trouble(now);
  };

  readonly #woken = (): void => {
    this.#look();
    if (this.#socket === null && this.#looking !== undefined && globalThis.document?.visibilityState !== "hidden") {
      this.#attempt = 0;
      this.#connect();
    }
  };

  #connect(): void {
    clearTimeout(this.#retry);
    let socket: WebSocket;
    try {
      socket = this.#around.open();
    } catch {
      this.#later();
      return;
    }
    let isOpened = false;
    this.#socket = socket;
    this.#asked = "";
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#liveness.opened(this.#around.now());
      if (this.#hasOpened) this.turns += 1;
      this.#hasOpened = isOpened = true;
      this.#ask();
      this.#look();
    };
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.#hear(event.data);
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      // A handshake that is refused looks like a service that is not there.
      if (!isOpened || event.code === NOT_ALLOWED) this.turns += 1;
      this.#drop();
      this.#later();
      this.#look();
    };
  }

  /** Let the socket go without waiting for its farewell. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#liveness.closed();
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #later(): void {
    if (this.#looking === undefined) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), backoff(this.#attempt, this.#around.random()));
    this.#attempt += 1;
  }

  #hear(data: string | ArrayBuffer): void {
    const now = this.#around.now();
    this.#liveness.heard(now);
    if (typeof data !== "string") {
      const message = decodeTable(data);
      this.#tell(message.topic, (listener) => listener.table?.(message));
      return;
    }
    const message = JSON.parse(data) as TextMessage;
    if (message.beat !== undefined) {
      this.#attempt = 0;
      this.#liveness.beat(message.beat, now);
      this.frameAt = this.#liveness.frameAt;
      this.#look();
    } else if (message.topic !== undefined && message.error !== undefined) {
      const reason = message.error;
      this.#tell(message.topic, (listener) => listener.failed?.(reason));
    } else if (message.topic !== undefined) {
      if (this.#listeners.has(message.topic)) this.#documents.set(message.topic, message.document);
      this.#tell(message.topic, (listener) => listener.document?.(message.document));
    }
  }

  #tell(topic: string, tell: (listener: TopicListener) => void): void {
    for (const listener of this.#listeners.get(topic) ?? []) tell(listener);
  }

  /** Say which topics are wanted; once for all changes of one turn. */
  #ask(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    queueMicrotask(() => {
      this.#isSending = false;
      const wanted = [...this.#listeners.keys()];
      for (const topic of this.#documents.keys()) if (!this.#listeners.has(topic)) this.#documents.delete(topic);
      const renewed = [...this.#renewed];
      this.#renewed.clear();
      if (this.#socket?.readyState !== OPEN) return;
      const known = this.#asked.split("\n");
      if (wanted.join("\n") !== this.#asked) {
        this.#asked = wanted.join("\n");
        this.#send({ subscribe: wanted });
      }
      for (const topic of renewed) if (known.includes(topic) && this.#listeners.has(topic)) this.resync(topic);
    });
  }

  #send(message: object): void {
    if (this.#socket?.readyState === OPEN) this.#socket.send(JSON.stringify(message));
  }
}

/** The connection of this page. */
export const connection = new Connection();
