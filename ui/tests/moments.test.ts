import { describe, expect, it } from "vitest";
import { bySecond } from "../src/parts/moments";

describe("points by the second", () => {
  it("gives a second once, with what was told last", () => {
    expect(bySecond([{ at: 60, value: 1 }, { at: 120.2, value: 2 }, { at: 120.4, value: 3 }])).toEqual([
      { at: 60, value: 1 },
      { at: 120, value: 3 },
    ]);
  });

  it("keeps gaps, and orders what came out of order", () => {
    expect(bySecond([{ at: 180, value: 4 }, { at: 60, value: null }])).toEqual([
      { at: 60, value: null },
      { at: 180, value: 4 },
    ]);
  });

  it("has nothing of nothing", () => {
    expect(bySecond([])).toEqual([]);
  });
});
