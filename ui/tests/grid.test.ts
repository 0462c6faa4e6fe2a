import { expect, test } from "vitest";
import { cellText, columnDefinition, compareNumbers, type GridColumn, type Reading } from "../src/parts/grid_columns";
import { answerOf, explained, reasonIn } from "../src/parts/reasons";
import { DocumentRows } from "../src/parts/rows.svelte";

type Row = { id: string; label: string; value: number | null; reasons?: Record<string, string> };

function rows(...all: Row[]): DocumentRows<Row> {
  const source = new DocumentRows<Row>((row) => row.id);
  source.update(all);
  return source;
}

test("what is no number stands last, whichever way", () => {
  const values = [Number.NaN, 3, Infinity, -1, -Infinity, 2];
  const ascending = values.toSorted((a, b) => compareNumbers(a, b, false));
  // The grid turns the order round by itself when it sorts descending.
  const descending = values.toSorted((a, b) => -compareNumbers(a, b, true));
  expect(ascending.slice(0, 3)).toEqual([-1, 2, 3]);
  expect(descending.slice(0, 3)).toEqual([3, 2, -1]);
});

test("a row keeps its slot while it is there, and a new one never takes it over", () => {
  const source = rows({ id: "a", label: "A", value: 1 }, { id: "b", label: "B", value: 2 });
  source.update([{ id: "b", label: "B", value: 3 }, { id: "c", label: "C", value: 4 }]);
  expect(source.number(1, "value")).toBe(3);
  expect([...source.rows.keys()]).toEqual([1, 2]);
  expect(source.number(0, "value")).toBeNaN();
});

test("nulls are what their reason says", async () => {
  const row = { id: "a", label: "", value: null, other: null, third: null, reasons: { other: "none_in_range", third: "not_applicable", value: "missing: price" } };
  expect(answerOf(row, "value")).toBeNaN();
  expect(answerOf(row, "other")).toBe(Infinity);
  expect(answerOf(row, "third")).toBe(-Infinity);
  expect(explained(answerOf(row, "value"), reasonIn(row, "value"))).toBe("Missing: price");
  expect(explained(0)).toBeNull();
  expect(await rows(row).reason(0, "value")).toBe("missing: price");
});

test("a cell shows text as text", () => {
  const source = rows({ id: "a", label: "<b>\u202Ex</b>", value: 0.5 });
  const reading: Reading = { source, now: () => 100 };
  const column = (look: GridColumn["look"], field: string): GridColumn => ({ field, header: "", look });
  expect(cellText(column("text", "label"), reading, 0)).toBe("<b>⟨U+202E⟩x</b>");
  expect(cellText(column("usage", "value"), reading, 0)).toBe("50.0%");
  expect(cellText(column("age", "value"), reading, 0)).toBe("99s");
  expect(columnDefinition(column("text", "label"), () => reading).cellRenderer).toBeUndefined();
});
