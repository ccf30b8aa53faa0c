// Several indicators side by side: what they can all answer, the questions, and their answers laid together by key.
import type { AnswerLine, Choice, DimensionFacts, Facts, FormulaQuestion, Period, Question } from "../api/types";
import { numeric } from "../format/number";
import { isBefore } from "../format/period";

/** One number of the workbench: an indicator or the formula, with its answer. */
export interface Measure {
  key: string;
  title: string;
  unit: string;
  display: string | null;
  begin: string | null; // of its rows: what is earlier is unknown
  answer: AnswerLine | null;
}

export const FORMULA = "formula";

/** What every one of them can be split by. */
export function commonDimensions(all: readonly Facts[]): DimensionFacts[] {
  const [first, ...others] = all;
  return (first?.dimensions ?? []).filter((each) => others.every((one) => one.dimensions.some((other) => other.id === each.id)));
}

/** Grains that every one of them has, and the spans of each. */
export function commonGrains(all: readonly Facts[]): Choice[] {
  const [first, ...others] = all;
  return (first?.grains ?? []).filter((each) => others.every((one) => one.grains.some((other) => other.value === each.value)));
}

export interface Ask {
  by: string[];
  grain: string | undefined;
  period: Period;
  where: string | undefined;
}

function shapeOf(ask: Ask): Pick<Question, "by" | "grain" | "period" | "where" | "edge" | "fill"> {
  return {
    by: ask.by, period: ask.period,
    ...(ask.grain ? { grain: ask.grain, edge: "whole" as const, fill: ask.by.length ? ("all" as const) : ("time" as const) } : {}), ...(ask.where ? { where: ask.where } : {}),
  };
}

export function measureQuestion(id: string, ask: Ask): Question {
  return { indicators: [id], totals: ask.by.length > 0, ...shapeOf(ask) };
}

export function shareQuestion(id: string, ask: Ask): Question {
  return { indicators: [id, { of: id, modifier: "share", as: "share" }], ...shapeOf({ ...ask, grain: undefined }) };
}

export function formulaQuestion(formula: string, ask: Ask): FormulaQuestion {
  return { formula, ...shapeOf(ask) };
}

/** A table of one measure: keys of rows, keys of columns, and a value where they cross. */
export interface Grid {
  rows: { key: string; title: string }[];
  columns: { key: string; title: string }[];
  cells: Map<string, number | null>;
}

export const cellKey = (row: string, column: string): string => `${row}\u0000${column}`;

interface Axis {
  keys: string[];
  titles: string[];
}

function axisOf(answer: AnswerLine, name: string): Axis {
  const columns = answer.rows?.columns ?? {};
  const column = name === "time" ? answer.columns.find((each) => each.role === "time")?.name ?? "time" : name;
  const keys = (columns[column] ?? []).map((key) => (key === null ? "" : String(key)));
  const labels = columns[`${column}.label`];
  return { keys, titles: labels ? labels.map((label, n) => (label === null ? "（未匹配）" : String(label ?? keys[n]))) : keys };
}

function valuesOf(answer: AnswerLine): (number | null)[] {
  const name = answer.columns.find((each) => each.role === "value")?.name;
  return ((name && answer.rows?.columns[name]) || []).map(numeric);
}

/** One measure over a dimension and a second axis (`time` or another dimension). */
export function gridOf(answer: AnswerLine, by: string, across: string, begin: string | null = null): Grid {
  const [down, over] = [axisOf(answer, by), axisOf(answer, across)];
  const values = valuesOf(answer);
  const rows = new Map<string, string>();
  const columns = new Map<string, string>();
  const cells = new Map<string, number | null>();
  down.keys.forEach((key, n) => {
    const other = over.keys[n] ?? "";
    rows.set(key, down.titles[n] ?? key);
    columns.set(other, over.titles[n] ?? other);
    cells.set(cellKey(key, other), across === "time" && isBefore(other, begin) ? null : (values[n] ?? null));
  });
  const listed = (found: Map<string, string>): { key: string; title: string }[] => [...found].map(([key, title]) => ({ key, title }));
  return { rows: listed(rows), columns: listed(columns).sort((a, b) => (across === "time" ? a.key.localeCompare(b.key) : 0)), cells };
}

/** Several measures over one dimension, side by side. */
export function sideBySide(measures: readonly Measure[], by: string): Grid {
  const rows = new Map<string, string>();
  const cells = new Map<string, number | null>();
  for (const measure of measures) {
    if (!measure.answer) continue;
    const down = axisOf(measure.answer, by);
    const values = valuesOf(measure.answer);
    down.keys.forEach((key, n) => {
      rows.set(key, down.titles[n] ?? key);
      cells.set(cellKey(key, measure.key), values[n] ?? null);
    });
  }
  return { rows: [...rows].map(([key, title]) => ({ key, title })), columns: measures.map(({ key, title }) => ({ key, title })), cells };
}

/** Measures that can share an axis: those of one unit. */
export function groupsByUnit(measures: readonly Measure[]): { unit: string; measures: Measure[] }[] {
  const found = new Map<string, Measure[]>();
  for (const measure of measures) found.set(measure.unit, [...(found.get(measure.unit) ?? []), measure]);
  return [...found].map(([unit, of]) => ({ unit, measures: of }));
}
