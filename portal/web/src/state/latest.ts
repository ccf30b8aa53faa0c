// The latest finished value of a series, the one before it, and whether the newest period is missing.
import type { AnswerLine, Question } from "../api/types";
import { numeric } from "../format/number";

export interface Latest {
  value: number | null;
  before: number | null;
  at: string;
  values: (number | null)[];
  isGap: boolean;
  isLate: boolean;
  isFailed: boolean;
  asOf: string | null;
}

/** Whole periods up to now, each of them a row. */
export function seriesQuestion(id: string, grain: string, last: string): Question {
  return { indicators: [id], grain, period: { last }, edge: "whole", fill: "time" };
}

export function latestOf(line: AnswerLine): Latest {
  const column = line.columns.find((each) => each.role === "value");
  const time = line.columns.find((each) => each.role === "time");
  const cells = (column && line.rows?.columns[column.name]) ?? [];
  const times = (time && line.rows?.columns[time.name]) ?? [];
  const complete = line.rows?.complete ?? [];
  const values = cells.map(numeric);
  const known = values.flatMap((value, n) => (value === null ? [] : [n]));
  const finished = known.filter((n) => complete[n] !== false);
  const places = finished.length ? finished : known;
  const at = places.at(-1);
  const before = places.at(-2);
  const lastDrawn = values.map((_, n) => n).filter((n) => complete[n] !== false).at(-1);
  return {
    value: at === undefined ? null : (values[at] ?? null),
    before: before === undefined ? null : (values[before] ?? null),
    at: at === undefined ? "" : String(times[at] ?? ""),
    values: complete.length ? values.filter((_, n) => complete[n] !== false) : values,
    isGap: at !== undefined && lastDrawn !== undefined && values[lastDrawn] === null,
    isLate: line.freshness !== "fresh",
    isFailed: line.rows === null,
    asOf: line.as_of,
  };
}
