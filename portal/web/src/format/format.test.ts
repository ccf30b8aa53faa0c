import { describe, expect, it } from "vitest";
import { levelOf, limitsOf, placeOnSteps, stateOf, STATES } from "./level";
import { changeOf, decimalsThatMatter, numeric, percent, signed, styleForColumn, styleOf, writeNumber } from "./number";
import { comparedStart, instantLabel, isBefore, periodEnd, periodLabel, spanLabel, tickLabel } from "./period";
import { sparkLine } from "./spark";

describe("a number", () => {
  it("is scaled as its display says", () => {
    expect(writeNumber(19260.176, "t", styleOf("万,2"))).toEqual({ text: "1.93", unit: "万t" });
  });
  it("shows about four digits when nothing is said", () => {
    expect([1234567, 123.456, 12.345, 0.12345, 5].map((value) => writeNumber(value).text)).toEqual(["1,234,567", "123.5", "12.35", "0.123", "5"]);
  });
  it("that is not there is a dash, never zero", () => {
    expect(writeNumber(null, "t").text).toBe("—");
    expect([numeric(null), numeric(""), numeric("abc"), numeric("12.5"), numeric(0)]).toEqual([null, null, null, 12.5, 0]);
  });
  it("below zero has a real minus, and nothing has no sign", () => {
    expect([signed(-1.5, 1), signed(1.5, 1), signed(-0.04, 1)]).toEqual(["−1.5", "+1.5", "0.0"]);
    expect(writeNumber(-0.0004, "", { scale: "", decimals: 2 }).text).toBe("0.00");
  });
  it("in a column leaves its scale off when the greatest is below one of it", () => {
    expect(styleForColumn([3172.2, 514.1], "万,2")).toEqual({ scale: "", decimals: 0 });
    expect(styleForColumn([31722, null], "万,2")).toEqual({ scale: "万", decimals: 2 });
  });
  it("in percent changes by points, others by percent, and from zero by nothing", () => {
    expect(changeOf(73.44, 73.09, "%")?.text).toBe("+0.35 pp");
    expect(changeOf(110, 100, "t")?.text).toBe("+10.0%");
    expect(changeOf(5, 0, "t")).toBeNull();
    expect(changeOf(5, null, "t")).toBeNull();
  });
});

describe("a period", () => {
  it("is called as people call it", () => {
    expect(["year", "half_year", "quarter", "month", "ten_day", "week", "day", "hour"].map((grain) => periodLabel("2026-11-21T08:00:00", grain))).toEqual([
      "2026年", "2026年下半年", "2026年第4季度", "2026年11月", "2026年11月下旬", "2026年11月21日起一周", "2026年11月21日", "2026年11月21日 08:00",
    ]);
  });
  it("has a short name on an axis", () => {
    expect([tickLabel("2026-11-21", "day"), tickLabel("2026-11-01", "month"), tickLabel("2026-10-01", "quarter"), tickLabel("2026-01-01", "year")]).toEqual(["11-21", "2026-11", "2026 Q4", "2026"]);
  });
  it("ends where the next begins, over months and leap days", () => {
    expect([periodEnd("2026-12-01", "month"), periodEnd("2028-02-28", "day"), periodEnd("2026-12-28", "week"), periodEnd("2026-11-21T08:00:00", "hour")]).toEqual(["2027-01-01", "2028-02-29", "2027-01-04", null]);
  });
  it("is said with its last day, not with the day after", () => {
    expect(spanLabel("2026-11-16T00:00:00", "2026-11-23T00:00:00")).toBe("2026-11-16 至 2026-11-22");
    expect(spanLabel("2026-11-21", "2026-11-22")).toBe("2026-11-21");
    expect(instantLabel("2026-11-22T21:41:11")).toBe("2026-11-22 21:41");
  });
});

describe("a level", () => {
  const limits = limitsOf({ at_or_above: { blue: 85, yellow: 95, 橙: 105, 红: 120 }, for: "PT2H" });
  it("is the gravest that was reached", () => {
    expect([84.9, 85, 106, 500].map((value) => levelOf(limits, value))).toEqual([null, "blue", "orange", "red"]);
  });
  it("counts less than data that is old, missing or failed", () => {
    expect(stateOf(500, limits, { as_of: null, state: "stale", word: "陈旧", since: null, zh: "", en: "", of: "" })).toBe(STATES.stale);
    expect(stateOf(null, limits, null)).toBe(STATES.empty);
    expect(stateOf(500, limits, null, { failed: true })).toBe(STATES.failed);
    expect(stateOf(10, limits, null)).toBe(STATES.sound);
    expect(stateOf(10, [], null)).toBe(STATES.fresh);
  });
  it("has a colour, a shape and a word of its own", () => {
    const alarms = [STATES.red, STATES.orange, STATES.yellow, STATES.blue];
    for (const part of ["tone", "shape", "word"] as const) expect(new Set(alarms.map((state) => state[part])).size).toBe(4);
  });
});

describe("a spark line", () => {
  it("leaves a hole where a value is missing", () => {
    expect(sparkLine([1, 2, null, 3], 100, 40).path.match(/M/g)).toHaveLength(2);
  });
  it("of nothing is nothing", () => {
    expect(sparkLine([null, null], 100, 40)).toEqual({ path: "", end: null });
  });
});

describe("small numbers and shares", () => {
  it("keep three digits that are not zero", () => {
    expect([0.5, 0.05, 0.0067, 0.00012].map(decimalsThatMatter)).toEqual([3, 4, 5, 6]);
  });
  it("have the same minus as the numbers beside them", () => {
    expect([percent(-6.4), percent(0.2), percent(-0.2), percent(null)]).toEqual(["−6%", "0%", "0%", "—"]);
  });
});

describe("a scale of levels", () => {
  it("keeps close limits apart beside a value far off", () => {
    expect(placeOnSteps([12, 24, 48, 72], 1807)).toBeCloseTo(0.8 + 0.2 * 0.92);
    expect(placeOnSteps([12, 24, 48, 72], 36)).toBeCloseTo(0.5);
    expect(placeOnSteps([85, 95], 85)).toBeCloseTo(1 / 3);
    expect(placeOnSteps([85], -1e9)).toBeGreaterThan(0);
  });
  it("grows with the value", () => {
    const places = [-5, 0, 12, 20, 24, 30, 72, 90, 400].map((value) => placeOnSteps([12, 24, 48, 72], value));
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });
});

describe("a period compared with", () => {
  it("begins a year, a month, a week or one period before", () => {
    expect([comparedStart("2026-10-01", "month", "yoy"), comparedStart("2026-10-01", "month", "prev"), comparedStart("2026-11-19", "day", "wow"), comparedStart("2026-01-01", "quarter", "prev")])
      .toEqual(["2025-10-01", "2026-09-01", "2026-11-12", "2025-10-01"]);
    expect(comparedStart("2026-11-19T08:00:00", "hour", "wow")).toBe("2026-11-12T08:00:00");
  });
  it("is unknown when it begins before the rows do, if only by half a month", () => {
    expect(isBefore("2025-10-01", "2025-10-16T00:09:00")).toBe(true);
    expect(isBefore("2025-10-16", "2025-10-16T00:09:00")).toBe(false);
    expect(isBefore("2025-10-16T00:00:00", "2025-10-16T00:09:00")).toBe(true);
    expect(isBefore("2025-10-01", null)).toBe(false);
  });
});
