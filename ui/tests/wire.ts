/** Table messages as the server writes them, made by hand from their description. */

import type { Static } from "../src/live/decode";

export type Written = {
  topic?: string;
  sequence: number;
  base: number | null;
  at_ns?: number;
  size: number;
  set?: [number, Static][];
  gone?: number[];
  n_left_out?: number;
  dense?: Record<string, number[]>;
  sparse?: Record<string, [number, number][]>;
};

export function written(one: Written): ArrayBuffer {
  const dense = Object.entries(one.dense ?? {});
  const sparse = Object.entries(one.sparse ?? {});
  const header = {
    topic: one.topic ?? "accounts",
    sequence: one.sequence,
    base: one.base,
    at_ns: one.at_ns ?? 1_700_000_000_500_000_000,
    size: one.size,
    rows: { set: one.set ?? [], gone: one.gone ?? [] },
    n_rows: one.size,
    n_left_out: one.n_left_out ?? 0,
    blocks: [
      ...dense.map(([column, values]) => ({ column, kind: "dense", count: values.length })),
      ...sparse.map(([column, pairs]) => ({ column, kind: "sparse", count: pairs.length })),
    ],
  };
  let head = new TextEncoder().encode(JSON.stringify(header));
  while ((4 + head.length) % 8 !== 0) head = new Uint8Array([...head, 0x20]);
  const bytes: number[] = [];
  const put = (size: number, write: (view: DataView) => void): void => {
    const view = new DataView(new ArrayBuffer(size));
    write(view);
    bytes.push(...new Uint8Array(view.buffer));
  };
  put(4, (view) => view.setUint32(0, head.length, true));
  bytes.push(...head);
  for (const [, values] of dense) for (const value of values) put(8, (view) => view.setFloat64(0, value, true));
  for (const [, pairs] of sparse) {
    for (const [slot] of pairs) put(4, (view) => view.setUint32(0, slot, true));
    while (bytes.length % 8 !== 0) bytes.push(0);
    for (const [, value] of pairs) put(8, (view) => view.setFloat64(0, value, true));
  }
  return new Uint8Array(bytes).buffer;
}
