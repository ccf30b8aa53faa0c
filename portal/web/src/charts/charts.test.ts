import { describe, expect, it } from "vitest";
import { lineagePicture } from "./lineage";
import { closestLine } from "./scatter";
import { finishedPart, limitsInSight, tickDecimals, type Trend } from "./trend";
import { placed } from "./waterfall";

const TREND: Trend = {
  times: ["2026-11-19", "2026-11-20", "2026-11-21"], complete: [true, true, false], grain: "day", form: "line", limits: [], target: null,
  series: [{ name: "a", values: [3, null, 1], unit: "t", style: { scale: "", decimals: 0 } }],
};

describe("a trend", () => {
  it("is drawn up to the last finished period, holes included", () => {
    const drawn = finishedPart(TREND);
    expect(drawn.times).toEqual(["2026-11-19", "2026-11-20"]);
    expect(drawn.series[0]?.values).toEqual([3, null]);
  });
  it("of unfinished periods alone is drawn as it is", () => {
    expect(finishedPart({ ...TREND, complete: [false, false, false] }).times).toHaveLength(3);
  });
  it("has ticks that differ from each other and are written alike", () => {
    expect([tickDecimals([18500, 20800], "万", false), tickDecimals([3172, 514], "", true), tickDecimals([5, 5, null], "", false)]).toEqual([2, 0, 0]);
  });
  it("shows the limits near its values and leaves out the far ones", () => {
    const limit = (value: number) => ({ comparison: "at_or_above" as const, level: "red" as const, limit: value });
    expect(limitsInSight([limit(85), limit(1000)], [70, 80, null]).map((each) => each.limit)).toEqual([85]);
  });
  it("shows the gravest of limits that would lie on each other", () => {
    const limits = [["blue", 72], ["yellow", 48], ["orange", 24], ["red", 12]].map(([level, limit]) => ({ comparison: "below" as const, level: level as "red", limit: Number(limit) }));
    expect(limitsInSight(limits, [300, 8000]).map((each) => each.level)).toEqual(["red"]);
    expect(limitsInSight(limits, [10, 80]).map((each) => each.level)).toEqual(["red", "orange", "yellow", "blue"]);
  });
});

describe("a waterfall", () => {
  const steps = placed([{ kind: "whole", title: "then", value: 100 }, { kind: "step", title: "a", value: 10 }, { kind: "step", title: "b", value: -4 }, { kind: "whole", title: "now", value: 106 }]);
  it("ends where the last number stands", () => {
    expect(steps[2]?.reaches).toBeCloseTo(steps[3]?.reaches ?? NaN);
  });
  it("begins each bar where the one before ended", () => {
    expect(steps[1]?.from).toBeCloseTo(steps[0]?.reaches ?? NaN);
    expect(steps[2]?.to).toBeCloseTo(steps[1]?.reaches ?? NaN);
  });
  it("stays inside its lane", () => {
    for (const step of steps) expect(Math.min(step.from, 100 - step.to)).toBeGreaterThanOrEqual(0);
  });
  it("of no change at all still has a place", () => {
    expect(placed([{ kind: "whole", title: "then", value: 0 }, { kind: "whole", title: "now", value: 0 }]).every((step) => Number.isFinite(step.reaches))).toBe(true);
  });
});

describe("a lineage picture", () => {
  const node = (id: string, depth: number, detail: string[] = []) => ({ id, kind: "dataset" as const, title: id, depth, detail });
  const picture = lineagePicture({ nodes: [node("here", 0), node("table", 1, ["a", "b", "c", "d", "e", "f", "g"]), node("source", 2), node("user", -1)], edges: [{ from: "source", to: "table" }, { from: "table", to: "here" }, { from: "here", to: "user" }, { from: "gone", to: "here" }] });
  it("leads from left to right", () => {
    const x = Object.fromEntries(picture.boxes.map((box) => [box.id, box.x]));
    expect(x["source"]).toBeLessThan(x["table"] ?? 0);
    expect(x["here"]).toBeLessThan(x["user"] ?? 0);
  });
  it("shows a few columns and counts the rest", () => {
    const box = picture.boxes.find((each) => each.id === "table");
    expect([box?.shown.length, box?.more]).toEqual([4, 3]);
  });
  it("draws no curve to what is not there", () => {
    expect(picture.curves).toHaveLength(3);
  });
});

it("the closest line goes through points that lie on one", () => {
  expect(closestLine([{ a: 0, b: 1 }, { a: 1, b: 3 }, { a: 2, b: 5 }])).toEqual({ slope: 2, begin: 1 });
  expect(closestLine([{ a: 1, b: 1 }, { a: 1, b: 2 }])).toBeNull();
});
