import { describe, expect, test } from "vitest";
import { decodeTable } from "../src/live/decode";
import { Replica } from "../src/live/replica";
import { written } from "./wire";

const WHOLE = {
  sequence: 7,
  base: null,
  size: 3,
  set: [
    [0, { account_id: "mm-1" }],
    [2, { account_id: "交易 <b>2</b>" }],
  ] as [number, { account_id: string }][],
  dense: { equity_usd: [12.5, Number.NaN, -Infinity], net_usd: [1, Number.NaN, Infinity] },
};

describe("decodeTable", () => {
  test("reads the header, dense blocks and special values", () => {
    const message = decodeTable(written(WHOLE));
    expect(message).toMatchObject({ topic: "accounts", sequence: 7, base: null, size: 3, gone: [], n_left_out: 0 });
    expect(message.set[1]).toEqual([2, { account_id: "交易 <b>2</b>" }]);
    expect(message.blocks.map((block) => [block.column, [...block.values]])).toEqual([
      ["equity_usd", [12.5, Number.NaN, -Infinity]],
      ["net_usd", [1, Number.NaN, Infinity]],
    ]);
  });

  test.each([0, 1, 2, 3])("finds the numbers after %d padded slots", (count) => {
    const pairs = Array.from({ length: count }, (_, slot): [number, number] => [slot, slot + 0.25]);
    const message = decodeTable(written({ sequence: 8, base: 7, size: 9, sparse: { a: pairs, b: [[8, -1]] } }));
    const [a, b] = message.blocks;
    expect(a?.kind === "sparse" && [...a.slots]).toEqual(pairs.map(([slot]) => slot));
    expect([...(a?.values ?? [])]).toEqual(pairs.map(([, value]) => value));
    expect(b?.kind === "sparse" && [[...b.slots], [...b.values]]).toEqual([[8], [-1]]);
  });

  test("refuses a message that is cut or too long", () => {
    const bytes = new Uint8Array(written(WHOLE));
    expect(() => decodeTable(bytes.slice(0, -8).buffer)).toThrow(RangeError);
    expect(() => decodeTable(new Uint8Array([...bytes, ...new Uint8Array(8)]).buffer)).toThrow(RangeError);
    expect(() => decodeTable(bytes.slice(0, 20).buffer)).toThrow();
  });
});

describe("Replica", () => {
  function filled(): Replica {
    const replica = new Replica();
    expect(replica.apply(decodeTable(written(WHOLE)))).toBe("applied");
    return replica;
  }

  test("knows nothing before the first whole message", () => {
    const replica = new Replica();
    expect(replica.isFilled).toBe(false);
    expect(replica.number(0, "equity_usd")).toBeNaN();
    expect(replica.apply(decodeTable(written({ sequence: 2, base: 1, size: 1 })))).toBe("gap");
  });

  test("patches what changed and keeps the rest", () => {
    const replica = filled();
    const patch = { sequence: 9, base: 7, size: 3, sparse: { equity_usd: [[0, 13]] as [number, number][] } };
    expect(replica.apply(decodeTable(written(patch)))).toBe("applied");
    expect(replica.number(0, "equity_usd")).toBe(13);
    expect(replica.number(2, "equity_usd")).toBe(-Infinity);
    expect(replica.number(2, "net_usd")).toBe(Infinity);
    expect(replica.structure).toBe(1);
    expect(replica.version).toBe(2);
    expect(replica.at).toBeCloseTo(1_700_000_000.5);
  });

  test("takes no patch of another state, and stays as it was", () => {
    const replica = filled();
    const patch = { sequence: 11, base: 10, size: 3, dense: { equity_usd: [9, 9, 9] } };
    expect(replica.apply(decodeTable(written(patch)))).toBe("gap");
    expect(replica.number(0, "equity_usd")).toBe(12.5);
    expect(replica.sequence).toBe(7);
  });

  test("lets rows go and come in one message, and grows", () => {
    const replica = filled();
    const change = {
      sequence: 8,
      base: 7,
      size: 5,
      gone: [0, 2],
      set: [
        [0, { account_id: "new" }],
        [4, { account_id: "far" }],
      ] as [number, { account_id: string }][],
      sparse: { equity_usd: [[0, 1], [4, 5]] as [number, number][] },
    };
    expect(replica.apply(decodeTable(written(change)))).toBe("applied");
    expect([...replica.rows.keys()].sort()).toEqual([0, 4]);
    expect(replica.rows.get(0)).toEqual({ account_id: "new" });
    expect(replica.number(4, "equity_usd")).toBe(5);
    expect(replica.number(3, "equity_usd")).toBeNaN();
    expect(replica.number(4, "net_usd")).toBeNaN();
  });

  test("forgets everything with a whole message", () => {
    const replica = filled();
    replica.apply(decodeTable(written({ sequence: 20, base: null, size: 1, set: [[0, {}]], dense: { other: [1] } })));
    expect(replica.rows.size).toBe(1);
    expect(replica.number(0, "equity_usd")).toBeNaN();
    expect(replica.columns).toEqual(["other"]);
  });
});
