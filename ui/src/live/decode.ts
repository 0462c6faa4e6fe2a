/**
 * One binary message of a live table: numbers of all rows in columns, and the texts of rows that changed.
 *
 * `u32 length | header as JSON, padded | blocks of 8-byte aligned little-endian numbers`; the order of blocks is that of
 * the header. Dense blocks are f64 by slot; sparse ones u32 slots, padded to 8, then f64. NaN is missing, +Infinity none
 * within range, −Infinity not applicable.
 */

export type Static = Readonly<Record<string, unknown>>;

export type Block =
  | { readonly column: string; readonly kind: "dense"; readonly values: Float64Array }
  | {
      readonly column: string;
      readonly kind: "sparse";
      readonly slots: Uint32Array;
      readonly values: Float64Array;
    };

export type TableMessage = {
  readonly topic: string;
  readonly sequence: number;
  /** The sequence that it patches; null replaces everything. */
  readonly base: number | null;
  readonly at_ns: number;
  /** Count of slots, used or not. */
  readonly size: number;
  readonly set: readonly (readonly [slot: number, row: Static])[];
  readonly gone: readonly number[];
  readonly n_rows: number;
  readonly n_left_out: number;
  readonly blocks: readonly Block[];
};

type Header = {
  topic: string;
  sequence: number;
  base: number | null;
  at_ns: number;
  size: number;
  rows: { set: [number, Static][]; gone: number[] };
  n_rows: number;
  n_left_out: number;
  blocks: { column: string; kind: "dense" | "sparse"; count: number }[];
};

const text = new TextDecoder();

/** Round up to a multiple of 8. */
function aligned(offset: number): number {
  return (offset + 7) & ~7;
}

/**
 * Read a message; its columns are views of the buffer, nothing is copied.
 *
 * Throws RangeError or SyntaxError where the bytes are none.
 */
export function decodeTable(buffer: ArrayBuffer): TableMessage {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(text.decode(new Uint8Array(buffer, 4, length))) as Header;
  let offset = aligned(4 + length);
  const blocks = header.blocks.map(({ column, kind, count }): Block => {
    if (kind === "dense") {
      const values = new Float64Array(buffer, offset, count);
      offset += 8 * count;
      return { column, kind, values };
    }
    const slots = new Uint32Array(buffer, offset, count);
    offset = aligned(offset + 4 * count);
    const values = new Float64Array(buffer, offset, count);
    offset += 8 * count;
    return { column, kind, slots, values };
  });
  if (offset !== buffer.byteLength) throw new RangeError(`a table message has ${buffer.byteLength - offset} bytes too many`);
  const { topic, sequence, base, at_ns, size, rows, n_rows, n_left_out } = header;
  return { topic, sequence, base, at_ns, size, set: rows.set, gone: rows.gone, n_rows, n_left_out, blocks };
}
