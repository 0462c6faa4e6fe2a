import { expect, test } from "vitest";
import { axisOf, placeOf, ticksOf } from "../src/pages/account/axis";
import { proposedIn, symbolOf } from "../src/pages/account/detail";

test("an axis has room beyond both distances, and ends where moves end", () => {
  for (const [down, up] of [[0.01, 0.02], [0.15, Infinity], [0.6, 1.9], [0.98, 4.9], [Number.NaN, -Infinity]] as const) {
    const axis = axisOf(down, up);
    expect(axis.low).toBeGreaterThanOrEqual(-0.99);
    expect(axis.high).toBeLessThanOrEqual(5);
    if (Number.isFinite(down)) expect(placeOf(axis, -down)).toBeGreaterThan(0);
    if (Number.isFinite(up)) expect(placeOf(axis, up)).toBeLessThan(1);
  }
});

test("an axis stands still while a distance moves a little", () => {
  expect(axisOf(0.101, 0.4)).toEqual(axisOf(0.102, 0.401));
});

test("places rise with moves, and small moves have more room than large ones", () => {
  const axis = axisOf(0.5, 2);
  const places = [-0.5, -0.2, -0.1, 0, 0.1, 0.2, 1, 2].map((move) => placeOf(axis, move));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(placeOf(axis, 0.1) - placeOf(axis, 0)).toBeGreaterThan(placeOf(axis, 1.1) - placeOf(axis, 1));
  expect(placeOf(axis, -0.99)).toBe(0);
  expect(placeOf(axis, 9)).toBe(1);
});

test("ticks stand apart, and where nothing has happened yet there is always one", () => {
  for (const axis of [axisOf(0.05, 0.05), axisOf(0.9, 0.1), axisOf(0.1, 4)]) {
    const ticks = ticksOf(axis);
    expect(ticks.map((tick) => tick.move)).toContain(0);
    for (const [at, tick] of ticks.entries()) expect(tick.place - (ticks[at - 1]?.place ?? -1)).toBeGreaterThanOrEqual(0.085);
  }
});

test("the name that the server proposes is found in its sentence, and nowhere else", () => {
  expect(proposedIn("there is no account 'mm-9'; did you mean 'mm-1'?")).toBe("mm-1");
  expect(proposedIn("there is no account 'mm-9'; there are: a, b")).toBeNull();
});

test("a contract is called what the venue calls it", () => {
  expect(symbolOf("bybit@127.0.0.1:4627:linear:BTCUSDT")).toBe("BTCUSDT");
  expect(symbolOf("BTCUSDT")).toBe("BTCUSDT");
  expect(symbolOf(null)).toBeNull();
});
