import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Connection } from "../src/live/connection.svelte";
import { backoff, Liveness } from "../src/live/liveness";
import { written } from "./wire";

const T0 = 1_700_000_000_000;

function beat(at: number, frameAt = at, isAlive = true): string {
  return JSON.stringify({ beat: { at_ns: at * 1e6, frame_sequence: 1, frame_at_ns: frameAt * 1e6, is_alive: isAlive } });
}

/** The socket of a browser, as far as it is used, with its other end in the test's hand. */
class Socket {
  readyState = 0;
  binaryType = "blob";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: unknown[] = [];
  isClosed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.isClosed = true;
    this.readyState = 3;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(data: unknown): void {
    this.onmessage?.({ data });
  }

  lose(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

describe("Connection", () => {
  let sockets: Socket[];
  let connection: Connection;

  beforeEach(() => {
    vi.useFakeTimers({ now: T0 });
    sockets = [];
    connection = new Connection({
      open: () => {
        const socket = new Socket();
        sockets.push(socket);
        return socket as unknown as WebSocket;
      },
      now: () => Date.now(),
      random: () => 0,
    });
  });

  afterEach(() => {
    connection.stop();
    vi.useRealTimers();
  });

  function last(): Socket {
    const socket = sockets.at(-1);
    if (socket === undefined) throw new Error("nothing was opened");
    return socket;
  }

  async function live(): Promise<void> {
    connection.start();
    last().accept();
    last().say(beat(Date.now()));
    await vi.advanceTimersByTimeAsync(0);
    expect(connection.isLive).toBe(true);
  }

  test("is live with the first beat, not before", async () => {
    connection.start();
    expect(connection.trouble).toBe("connecting");
    last().accept();
    await vi.advanceTimersByTimeAsync(200);
    expect(connection.trouble).toBe("connecting");
    last().say(beat(Date.now()));
    expect(connection.isLive).toBe(true);
  });

  test("says within two seconds that nothing comes", async () => {
    await live();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(connection.isLive).toBe(true);
    await vi.advanceTimersByTimeAsync(500);
    expect(connection.trouble).toBe("silent");
  });

  test("stays live while beats come", async () => {
    await live();
    for (let second = 0; second < 30; second += 1) {
      await vi.advanceTimersByTimeAsync(1_000);
      last().say(beat(Date.now()));
    }
    expect(connection.isLive).toBe(true);
  });

  test("documents show that the line is there, but only beats that the engine is", async () => {
    await live();
    for (let quarter = 0; quarter < 12; quarter += 1) {
      await vi.advanceTimersByTimeAsync(250);
      last().say(JSON.stringify({ topic: "overview", sequence: quarter, document: {} }));
    }
    expect(connection.isLive).toBe(true);
    last().say(beat(Date.now(), Date.now() - 2_100));
    expect(connection.trouble).toBe("frozen");
    last().say(beat(Date.now(), Date.now(), false));
    expect(connection.trouble).toBe("stuck");
  });

  test("tells at once when it wakes from a sleep without timers", async () => {
    await live();
    const wake: (() => void)[] = [];
    vi.stubGlobal("document", {
      visibilityState: "visible",
      addEventListener: (_: string, listener: () => void) => wake.push(listener),
      removeEventListener: () => undefined,
    });
    connection.stop();
    await live();
    // The lid was closed: the clock went on, no timer ran.
    vi.setSystemTime(Date.now() + 3_600_000);
    wake.forEach((listener) => listener());
    expect(connection.isLive).toBe(false);
    vi.unstubAllGlobals();
  });

  test("gives up a dead line and opens another, later and later", async () => {
    await live();
    await vi.advanceTimersByTimeAsync(5_400);
    expect(sockets[0]?.isClosed).toBe(true);
    expect(connection.trouble).toBe("closed");
    await vi.advanceTimersByTimeAsync(500);
    expect(sockets).toHaveLength(2);
    last().lose();
    await vi.advanceTimersByTimeAsync(900);
    expect(sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(200);
    expect(sockets).toHaveLength(3);
  });

  test("asks again for everything after the connection came back", async () => {
    await live();
    const heard: unknown[] = [];
    connection.listen("overview", { document: (document) => heard.push(document) });
    await vi.advanceTimersByTimeAsync(0);
    expect(last().sent.at(-1)).toEqual({ subscribe: ["overview"] });
    last().lose();
    expect(connection.trouble).toBe("closed");
    await vi.advanceTimersByTimeAsync(500);
    last().accept();
    await vi.advanceTimersByTimeAsync(0);
    expect(last().sent).toEqual([{ subscribe: ["overview"] }]);
    last().say(JSON.stringify({ topic: "overview", sequence: 1, document: { a: 1 } }));
    expect(heard).toEqual([{ a: 1 }]);
  });

  test("asks once for a topic that two want, and no more when both are gone", async () => {
    await live();
    const [one, two] = [connection.listen("alerts", {}), connection.listen("alerts", {})];
    await vi.advanceTimersByTimeAsync(0);
    expect(last().sent).toEqual([{ subscribe: ["alerts"] }]);
    one();
    await vi.advanceTimersByTimeAsync(0);
    expect(last().sent).toHaveLength(1);
    two();
    await vi.advanceTimersByTimeAsync(0);
    expect(last().sent.at(-1)).toEqual({ subscribe: [] });
  });

  test("gives who comes late what came before", async () => {
    await live();
    const heard: unknown[] = [];
    const first = connection.listen("overview", {});
    last().say(JSON.stringify({ topic: "overview", sequence: 1, document: { a: 1 } }));
    connection.listen("overview", { document: (document) => heard.push(document) })();
    expect(heard).toEqual([{ a: 1 }]);
    first();
    await vi.advanceTimersByTimeAsync(0);
    connection.listen("overview", { document: (document) => heard.push(document) });
    expect(heard).toHaveLength(1);
  });

  test("counts what may have ended the session: refused, sent away, or served by another", async () => {
    connection.start();
    last().lose();
    expect(connection.turns).toBe(1);
    await vi.advanceTimersByTimeAsync(500);
    last().accept();
    expect(connection.turns).toBe(1);
    last().lose(1008);
    expect(connection.turns).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    last().accept();
    expect(connection.turns).toBe(3);
    last().lose(1006);
    expect(connection.turns).toBe(3);
  });

  test("hands tables and refusals to those who asked", async () => {
    await live();
    const heard: unknown[] = [];
    connection.listen("accounts", { table: ({ sequence }) => heard.push(sequence), failed: (reason) => heard.push(reason) });
    last().say(written({ sequence: 3, base: null, size: 0 }));
    last().say(JSON.stringify({ topic: "accounts", error: "no such account" }));
    expect(heard).toEqual([3, "no such account"]);
  });

  test("one page after the other has what both show, though the server says it once", async () => {
    await live();
    const first: unknown[] = [];
    const second: unknown[] = [];
    const leave = [
      connection.listen("alerts", { document: (document) => first.push(document) }),
      connection.listen("accounts", { table: () => undefined }),
    ];
    await vi.advanceTimersByTimeAsync(0);
    last().say(JSON.stringify({ topic: "alerts", sequence: 1, document: { n: 1 } }));
    const asked = last().sent.length;
    for (const one of leave) one();
    connection.listen("alerts", { document: (document) => second.push(document) });
    connection.listen("accounts", { table: () => undefined });
    await vi.advanceTimersByTimeAsync(0);
    expect([first, second]).toEqual([[{ n: 1 }], [{ n: 1 }]]);
    // The document is there; of the table all is asked for again.
    expect(last().sent.slice(asked)).toEqual([{ resync: "accounts" }]);
  });

  test("what was left is not shown again from before", async () => {
    await live();
    const leave = connection.listen("alerts", { document: () => undefined });
    await vi.advanceTimersByTimeAsync(0);
    last().say(JSON.stringify({ topic: "alerts", sequence: 1, document: {} }));
    leave();
    await vi.advanceTimersByTimeAsync(0);
    const later: unknown[] = [];
    connection.listen("alerts", { document: (document) => later.push(document) });
    await vi.advanceTimersByTimeAsync(0);
    expect(later).toEqual([]);
    expect(last().sent.at(-1)).toEqual({ subscribe: ["alerts"] });
  });

  test("has the server's time from the quickest beat", async () => {
    connection.start();
    last().accept();
    last().say(beat(Date.now() + 60_000 - 400));
    last().say(beat(Date.now() + 60_000 - 20));
    last().say(beat(Date.now() + 60_000 - 900));
    expect(connection.now()).toBeCloseTo((Date.now() + 60_000 - 20) / 1_000, 3);
  });
});

test("a clock that is set back does not look live for longer", () => {
  const liveness = new Liveness();
  liveness.opened(T0);
  liveness.beat({ at_ns: T0 * 1e6, frame_sequence: 1, frame_at_ns: T0 * 1e6, is_alive: true }, T0);
  expect(liveness.trouble(T0 - 3_600_000)).toBe("silent");
});

test("a frame that never was is none", () => {
  const liveness = new Liveness();
  liveness.opened(T0);
  liveness.beat({ at_ns: T0 * 1e6, frame_sequence: null, frame_at_ns: null, is_alive: true }, T0);
  expect(liveness.trouble(T0)).toBe("frozen");
});

test("tries are spread and never rarer than each five seconds", () => {
  expect(backoff(0, 0)).toBe(500);
  expect(backoff(0, 1)).toBe(250);
  expect(backoff(30, 0)).toBe(5_000);
});
