/** How wide the head of a column must be, so that its words are whole in every language. */

/** Beside the words: the cell's padding, and the room that the grid keeps for its filter. */
const AROUND_PX = 28;
/** The arrow of a column that sorts. */
const ARROW_PX = 18;

let pen: CanvasRenderingContext2D | null | undefined;

function inked(words: string): number {
  if (typeof document === "undefined") return 0;
  if (pen === undefined) pen = document.createElement("canvas").getContext("2d");
  if (pen === null) return 0;
  const { fontFamily } = getComputedStyle(document.body);
  pen.font = `500 11px ${fontFamily}`;
  return pen.measureText(words).width;
}

/** Return the width in pixels; 0 where nothing is drawn. */
export function headWidth(words: string, hasArrow: boolean): number {
  const width = inked(words);
  return width === 0 ? 0 : Math.ceil(width) + AROUND_PX + (hasArrow ? ARROW_PX : 0);
}
