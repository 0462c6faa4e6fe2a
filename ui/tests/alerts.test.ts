import { describe, expect, it } from "vitest";
import { chosen, holds, isBadEnough, ofTab } from "../src/pages/alerts/choice";
import { bound, figure, gap, isClearing, nearness } from "../src/pages/alerts/figures";
import { Paged } from "../src/parts/paged.svelte";

type Alert = Parameters<typeof chosen>[0][number];
type Rule = Parameters<typeof nearness>[0];

const alert = (alert_id: string, more: Partial<Alert> = {}): Alert =>
  ({
    alert_id,
    rule: "daily-loss",
    subject: "mm-1",
    headline: "mm-1 has lost 5%",
    account_id: "mm-1",
    state: "firing",
    severity: "high",
    since_ns: 0,
    is_unknown: false,
    is_unknown_notice: false,
    acknowledgement: null,
    silenced_by: [],
    ...more,
  }) as unknown as Alert;

const rule = (bounds: number[], distance: number | null): Rule =>
  ({ steps: bounds.map((one) => ({ bound: one })), standing: distance === null ? null : { distance } }) as unknown as Rule;

const ids = (rows: readonly Alert[]): string[] => rows.map((row) => row.alert_id);

describe("tabs", () => {
  it("show what fires, what cannot be judged, what is on its way", () => {
    const rows = [
      alert("fires"),
      alert("both", { is_unknown: true }),
      alert("notice", { is_unknown: true, is_unknown_notice: true }),
      alert("waits", { state: "pending" }),
      alert("over", { state: "resolved" }),
    ];
    expect(ids(ofTab(rows, "active"))).toEqual(["fires", "both"]);
    expect(ids(ofTab(rows, "unknown"))).toEqual(["both", "notice"]);
    expect(ids(ofTab(rows, "pending"))).toEqual(["waits"]);
  });

  it("put the worst and newest first, and what somebody takes care of last", () => {
    const rows = [
      alert("old", { since_ns: 1 }),
      alert("new", { since_ns: 2 }),
      alert("silenced", { severity: "critical", silenced_by: ["s1"] }),
      alert("taken", { severity: "critical", acknowledgement: { is_active: true } as Alert["acknowledgement"] }),
      alert("worst", { severity: "critical" }),
      alert("ended", { severity: "warning", acknowledgement: { is_active: false } as Alert["acknowledgement"] }),
    ];
    expect(ids(chosen(rows, "", null))).toEqual(["worst", "new", "old", "ended", "silenced", "taken"]);
    expect(ids(chosen(rows, "", "critical"))).toEqual(["worst", "silenced", "taken"]);
  });

  it("find texts whatever their case, and keep unknown severities out of a filter", () => {
    expect(holds(" MM ", ["arb-1", null, "mm-1"])).toBe(true);
    expect(holds("x", ["arb-1", undefined])).toBe(false);
    expect(isBadEnough("odd", "info")).toBe(false);
    expect(isBadEnough("odd", null)).toBe(true);
  });
});

describe("figures", () => {
  it("are read in the unit of the measure", () => {
    expect(figure(0.7231, "fraction")).toBe("72.3%");
    expect(figure(12_345.6, "usd")).toBe("12,346");
    expect(figure(3.21, "times")).toBe("3.2×");
    expect(figure(90, "seconds")).toBe("90s");
    expect(figure(2_500_000, "bytes")).toBe("2.5 MB");
    expect(figure(8, "count")).toBe("8");
    expect(figure(null, "fraction")).toBe("—");
  });

  it("keep their sign where a bound was passed", () => {
    expect(gap(-0.112, "fraction")).toBe("−11.2%");
    expect(gap(-90, "seconds")).toBe("−90s");
    expect(gap(0.3, "fraction")).toBe("30.0%");
    expect(bound("below", 0.2, "fraction")).toBe("< 20.0%");
    expect(bound("above", null, "fraction")).toBe("—");
  });

  it("say how near a rule is to firing", () => {
    expect(nearness(rule([0.5, 0.7], 0.1))).toBeCloseTo(0.8);
    expect(nearness(rule([0.5], -0.2))).toBe(1);
    expect(nearness(rule([0.2], 0.9))).toBe(0);
    expect(nearness(rule([0], 0))).toBe(0);
    expect(nearness(rule([0.5], null))).toBeNull();
    expect(nearness(rule([], 0.1))).toBeNull();
  });
});

describe("stored rows", () => {
  const all = Array.from({ length: 250 }, (_, index) => ({ id: index + 1 }));
  let newest = 200;
  const read = ({ limit, before }: { limit: number; before?: number }) =>
    Promise.resolve(
      all
        .slice(0, newest)
        .filter((row) => before === undefined || row.id < before)
        .toReversed()
        .slice(0, limit),
    );
  const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

  it("come a page at a time, and the newest join without a gap", async () => {
    const pages = new Paged(read);
    pages.following()();
    await settled();
    expect([pages.rows.length, pages.rows[0]?.id, pages.hasMore]).toEqual([100, 200, true]);
    await pages.more();
    expect([pages.rows.length, pages.rows.at(-1)?.id, pages.hasMore]).toEqual([200, 1, true]);
    newest = 203;
    pages.following()();
    await settled();
    expect(pages.rows.map((row) => row.id)).toEqual(Array.from({ length: 203 }, (_, index) => 203 - index));
    await pages.more();
    expect([pages.rows.length, pages.hasMore]).toEqual([203, false]);
  });

  it("begin anew where more came than a page holds", async () => {
    newest = 100;
    const pages = new Paged(read);
    pages.following()();
    await settled();
    newest = 250;
    pages.following()();
    await settled();
    expect([pages.rows.length, pages.rows.at(-1)?.id, pages.hasMore]).toEqual([100, 151, true]);
  });

  it("tell why they cannot be read", async () => {
    const pages = new Paged<{ id: number }>(() => Promise.reject(new Error("no history")));
    pages.following()();
    await settled();
    expect([pages.error, pages.hasMore]).toEqual(["Error: no history", null]);
  });
});

describe("an alert that fires on within its bound", () => {
  const fires = (side: string, value: number | null, limit: number | null, more: Partial<Alert> = {}) =>
    isClearing(alert("one", { side, value, bound: limit, ...more }));

  it("is clearing, on either side", () => {
    expect(fires("above", 0.04, 0.85)).toBe(true);
    expect(fires("above", 0.86, 0.85)).toBe(false);
    expect(fires("below", 0.3, 0.2)).toBe(true);
    expect(fires("below", 0.1, 0.2)).toBe(false);
    expect(fires("above", 0, 0)).toBe(true);
    expect(fires("above", 1, 0)).toBe(false);
  });

  it("is not while its magnitude is beyond", () => {
    expect(fires("above", -6, 5)).toBe(false);
    expect(fires("above", -4, 5)).toBe(true);
  });

  it("is not where nobody can tell, or nothing fires", () => {
    expect(fires("above", null, 0.85)).toBe(false);
    expect(fires("above", 0.1, null)).toBe(false);
    expect(fires("above", 0.1, 0.85, { is_unknown: true })).toBe(false);
    expect(fires("above", 0.1, 0.85, { state: "pending" })).toBe(false);
  });
});
