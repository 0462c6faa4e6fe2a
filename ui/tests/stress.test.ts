import { describe, expect, test } from "vitest";
import { dimensionOf, symbolOf } from "../src/pages/exposure/dimensions";
import { isSame, KNOBS, paramsOf, questionOf, within } from "../src/pages/stress/question";
import { chosenOf, squareOf, usageText, type StressRow } from "../src/pages/stress/squares";
import { largestOf, shade } from "../src/parts/heat";

const asked = (text: string) => {
  const query = new URLSearchParams(text);
  return questionOf((key) => query.get(key));
};

describe("a question in the address", () => {
  test("is read in the units of people and asked in those of the server", () => {
    expect(asked("btc=-35&beta=2&vol=50")).toEqual({ btc_move: -0.35, alt_beta: 2, volatility: 0.5 });
  });

  test("is the usual one without any, or with what is no number", () => {
    expect(asked("")).toEqual({ btc_move: -0.2, alt_beta: 1, volatility: 0 });
    expect(asked("btc=much&beta=&vol=NaN")).toEqual(asked(""));
  });

  test("stays within its bounds", () => {
    expect(asked("btc=-400&beta=9&vol=-1000")).toEqual({ btc_move: -0.99, alt_beta: 3, volatility: -0.5 });
    for (const knob of KNOBS) expect(within(knob, "Infinity")).toBe(knob.usual);
  });

  test("comes back the same, whatever it is", () => {
    for (let btc = -99; btc <= 100; btc += 1) {
      const question = asked(`btc=${btc}&beta=${((btc + 99) % 31) / 10}`);
      const params = paramsOf(question);
      expect(isSame(questionOf((key) => params[key] ?? null), question)).toBe(true);
    }
    expect(paramsOf(asked(""))).toEqual({ btc: null, beta: null, vol: null });
  });
});

function row(btc: number | null, beta: number, volatility: number, pnl: number | null, kind = "grid"): StressRow {
  return { scenario: `${kind} ${btc} ${beta} ${volatility}`, kind, btc_move: btc, beta_factor: beta, volatility_shift: volatility, pnl_usd: pnl } as StressRow;
}

describe("the grid of moves", () => {
  const rows = [row(-0.1, 1.5, 0, -3), row(0.1, 1, 0, 2), row(-0.1, 1, 0, -1), row(0.1, 1, 0.5, 2.5), row(-0.5, 1, 0, -99, "day")];

  test("has rises above falls, and null where no scenario is", () => {
    const square = squareOf(rows);
    expect(square.moves).toEqual([0.1, -0.1]);
    expect(square.across).toEqual([{ beta: 1, volatility: 0 }, { beta: 1, volatility: 0.5 }, { beta: 1.5, volatility: 0 }]);
    expect(square.cells.map((line) => line.map((cell) => cell?.pnl_usd ?? null))).toEqual([[2, 2.5, null], [-1, null, -3]]);
    expect(squareOf([])).toEqual({ moves: [], across: [], cells: [] });
  });

  test("shows the accounts of the usual question unless another is asked for", () => {
    const usual = [...rows, row(-0.2, 1, 0.5, -7), row(-0.2, 1.5, 0, -8), row(-0.2, 1, 0, -6), row(-0.5, 1.5, 0, -50)];
    expect(chosenOf(usual, null)?.pnl_usd).toBe(-6);
    expect(chosenOf(usual, "day -0.5 1 0")?.pnl_usd).toBe(-99);
    expect(chosenOf([...rows, row(-0.2, 1, 0, null)], null)?.pnl_usd).toBe(-3);
  });

  test("shows the accounts of what is asked for, or of its own worst", () => {
    expect(chosenOf(rows, "day -0.5 1 0")?.pnl_usd).toBe(-99);
    expect(chosenOf(rows, "nonsense")?.pnl_usd).toBe(-3);
    expect(chosenOf([row(-0.1, 1, 0, null)], null)?.pnl_usd).toBeNull();
    expect(chosenOf([], null)).toBeNull();
  });

  test("a usage without end is not written out", () => {
    expect(usageText(0.5)).toBe("50.0%");
    expect(usageText(1_000)).toBe("> 1,000%");
    expect(usageText(null)).toBe("—");
  });
});

describe("shades", () => {
  test("follow sign and size, and none has none", () => {
    expect(shade(5, 5)).toContain("--long");
    expect(shade(-5, 5)).toContain("--short");
    const strength = (value: number): number => Number(/([\d.]+)%/.exec(shade(value, 100) ?? "")?.[1]);
    expect(strength(1)).toBeLessThan(strength(10));
    expect(strength(1_000)).toBe(strength(100));
    for (const none of [0, null, undefined, Number.NaN, Infinity]) expect(shade(none, 5)).toBeNull();
    expect(shade(1, 0)).toBeNull();
  });

  test("the largest leaves out what is no number", () => {
    expect(largestOf([1, -7, null, Number.NaN, undefined, Infinity])).toBe(7);
    expect(largestOf([])).toBe(0);
  });
});

test("names of dimensions and contracts", () => {
  expect(dimensionOf("desk")).toBe("desk");
  expect(dimensionOf("moon")).toBe("asset");
  expect(dimensionOf(null)).toBe("asset");
  expect(symbolOf("bybit@127.0.0.1:1:linear:BTCUSDT")).toBe("BTCUSDT");
  expect(symbolOf(null)).toBe("—");
});
