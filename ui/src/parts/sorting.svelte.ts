/** The order of a grid in the address, so that a link shows the same; without it there, the usual one. */

import type { GridApi } from "ag-grid-community";
import type { Handle } from "./grid_columns";
import { route, setQuery } from "../router.svelte";

const NONE = "none";

function orderOf(api: GridApi<Handle>): string {
  const sorted = api.getColumnState().find(({ sort }) => sort != null);
  return sorted === undefined ? NONE : `${sorted.colId}:${String(sorted.sort)}`;
}

function apply(api: GridApi<Handle>, order: string): void {
  if (orderOf(api) === order) return;
  const [colId = "", sort] = order.split(":");
  const isKnown = api.getColumn(colId) !== null && (sort === "asc" || sort === "desc");
  if (!isKnown && order !== NONE) return;
  api.applyColumnState({ state: isKnown ? [{ colId, sort }] : [], defaultState: { sort: null } });
}

/** Keep the order of a grid and the address alike. Call it where a component begins; give what it answers as `onready`. */
export function useOrder(usual: string): (api: GridApi<Handle>) => void {
  let grid = $state.raw<GridApi<Handle> | null>(null);
  const asked = $derived(route.param("sort") ?? usual);

  $effect(() => {
    if (grid !== null && !grid.isDestroyed()) apply(grid, asked);
  });

  return (api) => {
    apply(api, asked);
    api.addEventListener("sortChanged", () => {
      const order = orderOf(api);
      setQuery({ sort: order === usual ? null : order });
    });
    grid = api;
  };
}
