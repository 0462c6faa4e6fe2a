/** Squares of numbers: their shades, one tip for all cells, and arrows that move between them. */

import { tip } from "./tip.svelte";

/** The strongest shade, percent of the colour: text on it must stay readable in both themes. */
const STRONGEST = 52;
const FAINTEST = 4;

/**
 * A background for a signed number: long above 0, short below. Null for none and for 0.
 *
 * `power` of the part of the largest: below 1 small ones still show, above 1 large ones differ more.
 */
export function shade(value: number | null | undefined, largest: number, power = 0.5): string | null {
  if (value == null || !Number.isFinite(value) || value === 0 || !(largest > 0)) return null;
  const part = Math.min(1, Math.abs(value) / largest) ** power;
  return `color-mix(in srgb, var(${value > 0 ? "--long" : "--short"}) ${(FAINTEST + part * (STRONGEST - FAINTEST)).toFixed(1)}%, transparent)`;
}

/** The largest magnitude, by which all shades are made. */
export function largestOf(values: Iterable<number | null | undefined>): number {
  let largest = 0;
  for (const value of values) if (value != null && Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  return largest;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

function cellOf(target: EventTarget | null): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-y][data-x]") : null;
}

/**
 * Attach to a table whose cells (or links and buttons in them) have `data-y` and `data-x`: Tab reaches one of them, arrows
 * the others, and `told` is shown beside the one that the pointer or the focus is on.
 */
export function heatCells(told: (y: number, x: number) => string | null): (table: HTMLElement) => () => void {
  return (table) => {
    const at = (cell: HTMLElement): [number, number] => [Number(cell.dataset["y"]), Number(cell.dataset["x"])];
    let turn = 0;
    const show = (event: Event): void => {
      turn += 1;
      const cell = cellOf(event.target);
      if (cell === null) tip.hide();
      else tip.show(cell.getBoundingClientRect(), told(...at(cell)));
    };
    const focus = (event: Event): void => {
      const cell = cellOf(event.target);
      if (cell === null) return;
      for (const other of table.querySelectorAll<HTMLElement>('[data-y][tabindex="0"]')) if (other !== cell) other.tabIndex = -1;
      cell.tabIndex = 0;
      show(event);
    };
    /** A moment later: a cell that goes away while the page is drawn loses the focus in the midst of that. */
    const hide = (): void => {
      const mine = ++turn;
      queueMicrotask(() => {
        if (mine === turn) tip.hide();
      });
    };
    const move = (event: KeyboardEvent): void => {
      const [cell, step] = [cellOf(event.target), STEPS[event.key]];
      if (cell === null || step === undefined) return;
      const [y, x] = at(cell);
      const next = table.querySelector<HTMLElement>(`[data-y="${y + step[0]}"][data-x="${x + step[1]}"]`);
      if (next === null) return;
      event.preventDefault();
      next.focus();
    };
    table.addEventListener("pointerover", show);
    table.addEventListener("pointerleave", hide);
    table.addEventListener("focusin", focus);
    table.addEventListener("focusout", hide);
    table.addEventListener("keydown", move);
    return () => {
      hide();
      table.removeEventListener("pointerover", show);
      table.removeEventListener("pointerleave", hide);
      table.removeEventListener("focusin", focus);
      table.removeEventListener("focusout", hide);
      table.removeEventListener("keydown", move);
    };
  };
}
