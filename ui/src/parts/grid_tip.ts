// What a cell says when it is pointed at or focused: the whole of a text, why a number is missing, of when it is.
import { kindOf, time } from "../format";
import { cellNumber, cellText, isText, type GridColumn, type Reading } from "./grid_columns";
import { explained } from "./reasons";
import { tip } from "./tip.svelte";
import { w } from "./words";

export function explainCell(cell: Element, column: GridColumn, from: Reading, slot: number): void {
  const text = cellText(column, from, slot);
  if (isText(column)) {
    if (cell.scrollWidth > cell.clientWidth || [...cell.querySelectorAll("*")].some((one) => one.scrollWidth > one.clientWidth)) {
      tip.show(cell.getBoundingClientRect(), text);
    } else tip.hide();
    return;
  }
  const value = cellNumber(column, from, slot);
  if (kindOf(value) === "missing") {
    const why = from.source.reason(slot, column.field).then((reason) => explained(value, reason));
    tip.show(cell.getBoundingClientRect(), () => why, w.asking);
  } else if (kindOf(value) !== "number") tip.show(cell.getBoundingClientRect(), explained(value));
  else {
    const at = column.look === "age" ? value : from.source.number(slot, "data_at_s");
    const moment = Number.isFinite(at) ? `\n${time(at)}` : "";
    tip.show(cell.getBoundingClientRect(), `${column.header}: ${text}${moment}`);
  }
}
