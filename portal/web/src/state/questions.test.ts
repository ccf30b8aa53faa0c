import { describe, expect, it } from "vitest";
import { linesOf, queryOf } from "../api/client";
import type { AnswerLine, Facts } from "../api/types";
import { segments, underCaret, wordAt } from "./formula";
import { baselineSince, chosenOf, lineOf, membersOf, onePeriod, periodOnTop, picksOf, sinceBegin, splitQuestion, trendQuestion } from "./indicator";
import { latestOf } from "./latest";
import { decode } from "./codec";
import { INDICATOR } from "./views";
import { commonDimensions, gridOf, cellKey } from "./workbench";

const dimension = (id: string) => ({ id, title: id, coarser: [], finer: [], has_labels: true, is_region: false });
const FACTS = {
  id: "waste.tons", title: "清运量", unit: "t", default_grain: "day", grains: [{ value: "day", title: "日" }, { value: "month", title: "月" }], default_last: { day: "P30D", month: "P24M" },
  spans: {}, dimensions: [dimension("city.district"), dimension("waste.kind")], modifiers: [{ tag: "mtd", title: "本月累计", sentence: "", needs_grain: true, unit: "t", schema: {}, default: {} }],
} as unknown as Facts;
const answer = (columns: AnswerLine["columns"], cells: Record<string, (string | number | null)[]>, complete: boolean[]): AnswerLine => ({
  index: 0, columns, rows: { count: complete.length, columns: cells, complete, marks: complete.map(() => []) }, totals: null, as_of: null, data_version: {}, definition_version: "", freshness: "fresh", marks: [], truncated: false, explain: [], findings: [],
});
const column = (name: string, role: "time" | "dimension" | "label" | "value") => ({ name, role, title: name, unit: null, type: "text" });
const SERIES = answer([column("time", "time"), column("waste.tons", "value")], { time: ["2026-11-19", "2026-11-20", "2026-11-21"], "waste.tons": [5, 7, 1] }, [true, true, false]);

describe("what is asked", () => {
  it("of an address that says nothing is the indicator's own way to be shown", () => {
    const chosen = chosenOf(decode(INDICATOR, {}), FACTS);
    expect(trendQuestion(chosen)).toEqual({ indicators: ["waste.tons"], grain: "day", period: { last: "P30D" }, edge: "whole", fill: "time" });
  });
  it("with a comparison has the earlier value as one more column", () => {
    const chosen = chosenOf(decode(INDICATOR, { vs: "yoy", cut: "city.district:110105" }), FACTS);
    expect(trendQuestion(chosen)).toMatchObject({ indicators: ["waste.tons", { of: "waste.tons", modifier: { yoy: { give: "value" } }, as: "baseline" }], where: "city.district = '110105'" });
  });
  it("of a modified indicator is not compared once more", () => {
    const chosen = chosenOf(decode(INDICATOR, { vs: "yoy", mod: "mtd" }), FACTS);
    expect(trendQuestion(chosen).indicators).toEqual([{ of: "waste.tons", modifier: "mtd", as: "value" }]);
  });
  it("of an unknown grain or dimension falls back to the known", () => {
    const chosen = chosenOf(decode(INDICATOR, { grain: "century", by: "moon" }), FACTS);
    expect([chosen.grain, chosen.by]).toEqual(["day", "city.district"]);
  });
  it("of all members is one period long", () => {
    const chosen = chosenOf(decode(INDICATOR, { grain: "month" }), FACTS);
    expect(splitQuestion(chosen, "2026-10-01").period).toEqual({ from: "2026-10-01", to: "2026-11-01" });
    expect(onePeriod("2026-11-21T23:00:00", "hour")).toEqual({ from: "2026-11-21T23:00:00", to: "2026-11-22T00:00:00" });
  });
});

describe("what is answered", () => {
  it("shows the last finished value on top, or the one that was chosen", () => {
    const line = lineOf(SERIES);
    expect(periodOnTop(line, line.values["waste.tons"] ?? [], "")).toBe(1);
    expect(periodOnTop(line, line.values["waste.tons"] ?? [], "2026-11-19")).toBe(0);
    expect(latestOf(SERIES)).toMatchObject({ value: 7, before: 5, at: "2026-11-20", values: [5, 7], isGap: false });
  });
  it("marks a missing newest period as a gap", () => {
    expect(latestOf(answer(SERIES.columns, { time: ["a", "b"], "waste.tons": [5, null] }, [true, true]))).toMatchObject({ value: 5, isGap: true });
  });
  it("lists members from the greatest, those without a value last and those without a name by a word", () => {
    const split = answer([column("d", "dimension"), column("d.label", "label"), column("waste.tons", "value")], { d: ["1", null, "3"], "d.label": ["甲", null, "丙"], "waste.tons": [null, 4, 9] }, [true, true, true]);
    expect(membersOf(split, "waste.tons").map((row) => row.title)).toEqual(["丙", "（未匹配）", "甲"]);
  });
  it("lays picked members on the times of the whole", () => {
    const picked = answer([column("d", "dimension"), column("time", "time"), column("waste.tons", "value")], { d: ["1", "1", "2"], time: ["2026-11-19", "2026-11-21", "2026-11-20"], "waste.tons": [1, 3, 2] }, [true, true, true]);
    expect([...picksOf(picked, ["2026-11-19", "2026-11-20", "2026-11-21"])]).toEqual([["1", [1, null, 3]], ["2", [null, 2, null]]]);
  });
  it("makes a grid of rows and columns", () => {
    const grid = gridOf(answer([column("d", "dimension"), column("time", "time"), column("v", "value")], { d: ["1", "1"], time: ["2026-02", "2026-01"], v: [2, 1] }, [true, true]), "d", "time");
    expect(grid.columns.map((each) => each.key)).toEqual(["2026-01", "2026-02"]);
    expect(grid.cells.get(cellKey("1", "2026-01"))).toBe(1);
  });
  it("finds the dimensions that all share", () => {
    expect(commonDimensions([FACTS, { ...FACTS, dimensions: [dimension("waste.kind")] }]).map((each) => each.id)).toEqual(["waste.kind"]);
  });
});

describe("a formula", () => {
  const checked = { canonical: null, unit: "", answer: null, indicators: [{ id: "waste.tons", title: "清运量", unit: "t", start: 0, end: 10 }], findings: [{ code: "unknown", zh: "没有", en: "", start: 13, end: 16 }] };
  it("is cut at names and faults, and loses no character", () => {
    const parts = segments("waste.tons / abc * 2", checked);
    expect(parts.map((part) => part.text).join("")).toBe("waste.tons / abc * 2");
    expect(parts.map((part) => part.kind)).toEqual(["indicator", "text", "wrong", "text"]);
    expect(parts.map((part) => part.shown).join("")).toBe("清运量 ÷ abc × 2");
  });
  it("tells the fault under the caret first", () => {
    const two = [{ ...checked.findings[0]!, start: 0, end: 2 }, { ...checked.findings[0]!, start: 13, end: 16 }];
    expect(underCaret(two, 14)[0]?.start).toBe(13);
  });
  it("knows the word that is being written, in Chinese too", () => {
    expect(wordAt("a.b + 清运", 8)).toEqual({ start: 6, end: 8, word: "清运" });
  });
});

it("lines come whole out of any pieces", async () => {
  const pieces = ['{"a":', '1}\n{"b"', ":2}\n", '{"c":"城'];
  const bytes = [...pieces.map((piece) => new TextEncoder().encode(piece)), new Uint8Array(new TextEncoder().encode('脉"}').buffer)];
  const stream = new ReadableStream<Uint8Array>({ start(controller) { bytes.forEach((each) => controller.enqueue(each)); controller.close(); } });
  const lines: string[] = [];
  for await (const line of linesOf(stream)) lines.push(line);
  expect(lines).toEqual(['{"a":1}', '{"b":2}', '{"c":"城脉"}']);
});
it("an address leaves out what is empty and repeats what is a list", () => {
  expect(queryOf({ a: "", b: undefined, c: ["1", "2"], d: 0 })).toBe("?c=1&c=2&d=0");
});

describe("what is earlier than the rows", () => {
  const line = { times: ["2025-09-01", "2025-10-01", "2025-11-01"], complete: [true, true, false], marks: [[], [], []], values: { a: [0, 32, 59] } };
  it("is cut from the front of a line, a period that the rows begin in too", () => {
    expect(sinceBegin(line, "2025-10-16T00:09:00")).toEqual({ times: ["2025-11-01"], complete: [false], marks: [[]], values: { a: [59] } });
    expect(sinceBegin(line, null)).toBe(line);
    expect(sinceBegin(line, "2030-01-01T00:00:00")).toBe(line);
  });
  it("is no baseline", () => {
    expect(baselineSince(["2026-10-01", "2026-11-01"], [32, 59], "month", "yoy", "2025-10-16T00:09:00")).toEqual([null, 59]);
  });
  it("gives a member no change against a year before", () => {
    const columns = [{ name: "d", title: "d", unit: null, type: "text", role: "dimension" as const }, { name: "a", title: "a", unit: "t", type: "float", role: "value" as const }];
    const rows = answer(columns, { d: ["x"], "d.label": ["X"], a: [5], before: [4], year_before: [3] }, [true]);
    expect(membersOf(rows, "a", { at: "2026-10-01", grain: "month", begin: "2025-10-16T00:09:00" })[0]).toMatchObject({ before: 4, yearBefore: null });
  });
});
