/** What a page says of a column, and what AG Grid is told of it. */

import type { ColDef, ICellRendererComp, ICellRendererParams, ValueFormatterParams } from "ag-grid-community";
import {
  absent,
  age,
  decimal,
  exact,
  integer,
  kindOf,
  move,
  multiple,
  percent,
  price,
  shown,
  time,
  usd,
  usdSigned,
  type Maybe,
} from "../format";
import type { Static } from "../live/decode";
import { dangerOfUsage } from "./danger";
import { headWidth } from "./head_width";
import type { RowSource } from "./rows.svelte";

/**
 * How a column looks. `text`, `link` and `exact` are texts of a row; the others numbers.
 *
 * `usage` is a bar with a mark at 1; `age` wants a moment in UTC seconds and shows how long ago that was.
 */
export type Look =
  | "text"
  | "link"
  | "exact"
  | "usd"
  | "usd_signed"
  | "percent"
  | "move"
  | "multiple"
  | "price"
  | "integer"
  | "decimal"
  | "usage"
  | "time"
  | "age";

export type GridColumn = {
  /** Of the row; also its name in kept choices. */
  field: string;
  header: string;
  look: Look;
  /** What it means, on hover of the header. */
  hint?: string;
  width?: number;
  /** Takes what is left over. */
  flex?: number;
  pinned?: "left" | "right";
  /** Not shown unless chosen. */
  hidden?: boolean;
  sort?: "asc" | "desc";
  /** Where several columns sort: which comes first, from 0. */
  sortIndex?: number;
  /** A text made of the row, in place of the field itself (looks text and link). */
  text?: (row: Static) => string;
  /** Where a link goes. */
  href?: (row: Static) => string;
  /** A number made otherwise than from the field. */
  value?: (source: RowSource, slot: number) => number;
  /** In place of the usual one of the look. */
  format?: (value: Maybe) => string;
  /** Class of a cell: "long", "short", "critical" …, or "sign" for long and short by the sign. */
  tone?: "sign" | ((value: number, row: Static) => string);
  /** Draws the cell itself, into an empty element; texts only through textContent. */
  draw?: (element: HTMLElement, slot: number, row: Static) => void;
};

/** One row as the grid holds it; all else is read from the source when it is drawn. */
export type Handle = { readonly slot: number };

export type Reading = { readonly source: RowSource; readonly now: () => number };

const TEXTS: ReadonlySet<Look> = new Set<Look>(["text", "link", "exact"]);

const FORMATS: Partial<Record<Look, (value: Maybe) => string>> = {
  usd,
  usd_signed: usdSigned,
  percent,
  move,
  multiple,
  price,
  integer,
  decimal,
  usage: percent,
  time,
};

export function isText(column: GridColumn): boolean {
  return TEXTS.has(column.look);
}

/** The text of a cell, as it is shown. */
export function cellText(column: GridColumn, reading: Reading, slot: number): string {
  if (isText(column)) {
    const row = reading.source.rows.get(slot);
    if (row === undefined) return "";
    const text = column.text === undefined ? reading.source.text(slot, column.field) : column.text(row);
    return column.look === "exact" ? exact(text) : shown(text);
  }
  return numberText(column, reading, cellNumber(column, reading, slot));
}

function numberText(column: GridColumn, reading: Reading, value: number): string {
  if (kindOf(value) !== "number") return absent(kindOf(value));
  if (column.format !== undefined) return column.format(value);
  return column.look === "age" ? age(reading.now() - value) : (FORMATS[column.look] ?? decimal)(value);
}

export function cellNumber(column: GridColumn, reading: Reading, slot: number): number {
  return column.value === undefined ? reading.source.number(slot, column.field) : column.value(reading.source, slot);
}

/** Numbers in order, and after them, whichever way the column is sorted, what is none. */
export function compareNumbers(a: number, b: number, isDescending: boolean): number {
  const [hasA, hasB] = [Number.isFinite(a), Number.isFinite(b)];
  if (hasA && hasB) return a - b;
  if (hasA === hasB) return 0;
  return hasA === isDescending ? 1 : -1;
}

function compareTexts(a: string | null, b: string | null): number {
  return (a ?? "").localeCompare(b ?? "", undefined, { numeric: true });
}

/** A decimal text as a number, for its order alone. */
function roughly(text: string | null): number {
  return text === null || text === "" ? Number.NaN : Number(text);
}

/** A cell that is drawn by a function, again whenever its value changes. */
function drawn(draw: (element: HTMLElement, slot: number) => void): new () => ICellRendererComp<Handle> {
  return class implements ICellRendererComp<Handle> {
    readonly #element = document.createElement("span");

    init(params: ICellRendererParams<Handle>): void {
      this.#element.className = "drawn";
      this.refresh(params);
    }

    getGui(): HTMLElement {
      return this.#element;
    }

    refresh(params: ICellRendererParams<Handle>): boolean {
      if (params.data !== undefined) draw(this.#element, params.data.slot);
      return true;
    }
  };
}

/** The right end of a usage bar. */
const USAGE_END = 1.2;

function drawUsage(element: HTMLElement, value: number, text: string): void {
  if (element.childElementCount === 0) {
    const bar = document.createElement("span");
    bar.className = "usage";
    bar.append(document.createElement("i"), document.createElement("b"));
    element.append(bar, document.createElement("span"));
  }
  const [bar, words] = [element.children[0], element.children[1]];
  const fill = bar?.firstElementChild;
  if (!(fill instanceof HTMLElement) || words === undefined) return;
  fill.style.width = `${Number.isFinite(value) ? (Math.max(0, Math.min(USAGE_END, value)) / USAGE_END) * 100 : 0}%`;
  fill.className = dangerOfUsage(value);
  words.className = `value ${dangerOfUsage(value)}`;
  words.textContent = text;
}

function drawLink(element: HTMLElement, href: string, text: string): void {
  let link = element.firstElementChild;
  if (!(link instanceof HTMLAnchorElement)) {
    link = document.createElement("a");
    // The cell itself has the focus; Enter opens it.
    (link as HTMLAnchorElement).tabIndex = -1;
    element.append(link);
  }
  (link as HTMLAnchorElement).href = href;
  link.textContent = text;
}

/** As wide as the page wants it, and never too narrow for its head in the language that is spoken now. */
export function widthOf(column: GridColumn): number {
  return Math.max(column.width ?? 0, headWidth(column.header, column.sort !== undefined));
}

/** What AG Grid is told of a column. `reading` is asked each time something is drawn. */
export function columnDefinition(column: GridColumn, reading: () => Reading | null): ColDef<Handle> {
  const text = isText(column);
  const row = (slot: number): Static => reading()?.source.rows.get(slot) ?? {};
  const definition: ColDef<Handle> = {
    colId: column.field,
    headerName: column.header,
    initialHide: column.hidden ?? false,
    type: text && column.look !== "exact" ? "text" : "number",
    valueGetter: ({ data }) => {
      const from = reading();
      if (data === undefined || from === null) return null;
      if (!text) return cellNumber(column, from, data.slot);
      return column.text === undefined ? from.source.text(data.slot, column.field) : column.text(row(data.slot));
    },
    valueFormatter: ({ data }: ValueFormatterParams<Handle>) => {
      const from = reading();
      return data === undefined || from === null ? "" : cellText(column, from, data.slot);
    },
    comparator: text
      ? column.look === "exact"
        ? (a: string | null, b: string | null, _a, _b, isDescending) =>
            compareNumbers(roughly(a), roughly(b), isDescending)
        : compareTexts
      : (a: number, b: number, _a, _b, isDescending) => compareNumbers(a, b, isDescending),
    ...(column.hint === undefined ? {} : { headerTooltip: column.hint }),
    ...(column.width === undefined ? {} : { initialWidth: widthOf(column) }),
    ...(column.flex === undefined ? {} : { initialFlex: column.flex, minWidth: column.width === undefined ? 80 : widthOf(column) }),
    ...(column.pinned === undefined ? {} : { initialPinned: column.pinned }),
    ...(column.sort === undefined ? {} : { initialSort: column.sort }),
    ...(column.sortIndex === undefined ? {} : { initialSortIndex: column.sortIndex }),
  };
  if (!text || column.look === "exact") {
    const scale = ["percent", "move", "usage"].includes(column.look) ? 100 : 1;
    definition.filterValueGetter = ({ data }) => {
      const from = reading();
      if (data === undefined || from === null) return null;
      const value = text ? roughly(from.source.text(data.slot, column.field)) : cellNumber(column, from, data.slot);
      return Number.isFinite(value) ? value * scale : null;
    };
  }
  definition.cellClassRules = {
    absent: ({ value }) => !text && kindOf(value as Maybe) !== "number",
    ...toneRules(column, row),
  };
  if (column.draw !== undefined) {
    const draw = column.draw;
    definition.cellRenderer = drawn((element, slot) => draw(element, slot, row(slot)));
  } else if (column.look === "usage") {
    definition.cellRenderer = drawn((element, slot) => {
      const from = reading();
      if (from !== null) drawUsage(element, cellNumber(column, from, slot), cellText(column, from, slot));
    });
  } else if (column.look === "link") {
    definition.cellRenderer = drawn((element, slot) => {
      const from = reading();
      if (from !== null) drawLink(element, column.href?.(row(slot)) ?? "#", cellText(column, from, slot));
    });
  }
  return definition;
}

const TONES = ["long", "short", "quiet", "notice", "warning", "critical"] as const;

type Rules = NonNullable<ColDef<Handle>["cellClassRules"]>;

function toneRules(column: GridColumn, row: (slot: number) => Static): Rules {
  const { tone } = column;
  if (tone === undefined) return {};
  if (tone === "sign") {
    return { long: ({ value }) => (value as number) > 0, short: ({ value }) => (value as number) < 0 };
  }
  const rules: Rules = {};
  for (const name of TONES) {
    rules[name] = ({ value, data }) => data !== undefined && tone(value as number, row(data.slot)) === name;
  }
  return rules;
}
