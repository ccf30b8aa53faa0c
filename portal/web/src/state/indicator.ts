// From what the reader chose and what the indicator can do to the questions that are asked, and back from answers to rows and lines.
import type { Parameters } from "../api/client";
import type { AnswerLine, Asked, Facts, Modifier, ModifierFacts, Period, Question } from "../api/types";
import { numeric } from "../format/number";
import { comparedStart, isBefore, periodEnd } from "../format/period";
import type { IndicatorView, Overlay } from "./views";
import { whereOf } from "./where";

/** The view with nothing left unsaid. */
export interface Chosen {
  id: string;
  grain: string;
  period: Period;
  by: string;
  where: string | undefined;
  modifier: ModifierFacts | null;
  vs: Overlay;
}

export function chosenOf(view: IndicatorView, facts: Facts): Chosen {
  const grain = facts.grains.some((each) => each.value === view.grain) ? view.grain : facts.default_grain;
  const last = view.last || facts.default_last[grain] || "P30D";
  const period: Period = view.from ? { from: view.from, ...(view.to ? { to: view.to } : {}) } : { last };
  const isKnown = facts.dimensions.some((each) => each.id === view.by);
  const by = view.by === "none" ? "" : isKnown ? view.by : (facts.dimensions[0]?.id ?? "");
  return { id: facts.id, grain, period, by, where: whereOf(view.cut), modifier: facts.modifiers.find((each) => each.tag === view.mod) ?? null, vs: view.vs };
}

/** Modifiers that can be applied as they are: every setting they need has a default. */
export function readyModifiers(facts: Facts): ModifierFacts[] {
  return facts.modifiers.filter((each) => (each.schema.required ?? []).every((name) => name in each.default));
}

export function modifierOf(facts: ModifierFacts): Modifier {
  return Object.keys(facts.default).length ? { [facts.tag]: facts.default } : facts.tag;
}

/** The indicator as chosen: itself, or modified. */
export function askedOf(chosen: Chosen): string | Asked {
  return chosen.modifier ? { of: chosen.id, modifier: modifierOf(chosen.modifier), as: "value" } : chosen.id;
}

function earlier(chosen: Chosen, overlay: string, name: string): Asked {
  return { of: chosen.id, modifier: { [overlay]: { give: "value" } }, as: name };
}

const cutTo = (chosen: Chosen): { where?: string } => (chosen.where ? { where: chosen.where } : {});

/** The value over time, with the comparison where one is chosen. A modified value is not compared: it is a comparison itself. */
export function trendQuestion(chosen: Chosen): Question {
  const compared = chosen.vs !== "none" && !chosen.modifier ? [earlier(chosen, chosen.vs, "baseline")] : [];
  return { indicators: [askedOf(chosen), ...compared], grain: chosen.grain, period: chosen.period, edge: "whole", fill: "time", ...cutTo(chosen) };
}

/** Some members of the split, each a line. */
export function pickedQuestion(chosen: Chosen, keys: readonly string[]): Question {
  const where = whereOf([{ dimension: chosen.by, keys: [...keys] }]);
  return {
    indicators: [askedOf(chosen)], by: [chosen.by], grain: chosen.grain, period: chosen.period, edge: "whole", fill: "all",
    where: [chosen.where, where].filter(Boolean).join(" and "),
  };
}

/** All members in one period, each with its value before and a year before. */
export function splitQuestion(chosen: Chosen, at: string): Question {
  const period = onePeriod(at, chosen.grain);
  return {
    indicators: [chosen.id, earlier(chosen, "prev", "before"), earlier(chosen, "yoy", "year_before")], by: [chosen.by], grain: chosen.grain,
    ...(period ? { period } : {}), totals: true, ...cutTo(chosen),
  };
}

/** The period that begins at `at`; an hour or a minute is left to the server, which knows how long it is. */
export function onePeriod(at: string, grain: string): Period | undefined {
  const to = periodEnd(at, grain);
  if (to) return { from: at.slice(0, 10), to };
  const begin = Date.parse(`${at.slice(0, 19)}Z`);
  const minutes = { hour: 60, quarter_hour: 15, minute: 1 }[grain];
  return minutes && !Number.isNaN(begin) ? { from: at.slice(0, 19), to: new Date(begin + minutes * 60_000).toISOString().slice(0, 19) } : undefined;
}

/** Parameters of explain, why and downloads: the same choice as an address. */
export function parametersOf(chosen: Chosen, period: Period = chosen.period): Parameters {
  return { grain: chosen.grain, from: period.from, to: period.to, last: period.last, where: chosen.where };
}

export interface Line {
  times: string[];
  complete: boolean[];
  marks: string[][];
  values: Record<string, (number | null)[]>;
}

/** The value columns of an answer without dimensions. */
export function lineOf(answer: AnswerLine): Line {
  const time = answer.columns.find((column) => column.role === "time");
  const values = answer.columns.filter((column) => column.role === "value");
  return {
    times: ((time && answer.rows?.columns[time.name]) ?? []).map(String),
    complete: answer.rows?.complete ?? [],
    marks: answer.rows?.marks ?? [],
    values: Object.fromEntries(values.map((column) => [column.name, (answer.rows?.columns[column.name] ?? []).map(numeric)])),
  };
}

/** A line from the first period that begins with the rows or after; one that is earlier altogether stays as it is. */
export function sinceBegin(line: Line, begin: string | null | undefined): Line {
  const first = line.times.findIndex((time) => !isBefore(time, begin));
  if (first <= 0) return line;
  const values = Object.fromEntries(Object.entries(line.values).map(([name, each]) => [name, each.slice(first)]));
  return { times: line.times.slice(first), complete: line.complete.slice(first), marks: line.marks.slice(first), values };
}

/** The values compared with, without those of periods that begin before the rows do. */
export function baselineSince(times: readonly string[], values: readonly (number | null)[], grain: string, vs: string, begin: string | null | undefined): (number | null)[] {
  return values.map((value, n) => (isBefore(comparedStart(times[n] ?? "", grain, vs), begin) ? null : value));
}

export interface MemberRow {
  key: string;
  title: string;
  value: number | null;
  before: number | null;
  yearBefore: number | null;
}

/** One row a member, the greatest first; what has no value comes last. */
export function membersOf(answer: AnswerLine, id: string, of: { at: string; grain: string; begin: string | null } = { at: "", grain: "day", begin: null }): MemberRow[] {
  const dimension = answer.columns.find((column) => column.role === "dimension");
  const columns = answer.rows?.columns ?? {};
  if (!dimension) return [];
  const keys = columns[dimension.name] ?? [];
  const titles = columns[`${dimension.name}.label`] ?? keys;
  const at = (name: string, n: number): number | null => numeric(columns[name]?.[n]);
  const known = (against: string): boolean => !of.at || !isBefore(comparedStart(of.at, of.grain, against), of.begin);
  const [isBeforeKnown, isYearKnown] = [known("prev"), known("yoy")];
  return keys
    .map((key, n) => ({
      key: key === null ? "" : String(key), title: titles[n] === null ? "（未匹配）" : String(titles[n]),
      value: at(id, n), before: isBeforeKnown ? at("before", n) : null, yearBefore: isYearKnown ? at("year_before", n) : null,
    }))
    .sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity));
}

/** Lines of picked members on the times of the whole; a period that a member lacks is a hole. */
export function picksOf(answer: AnswerLine, times: readonly string[]): Map<string, (number | null)[]> {
  const dimension = answer.columns.find((column) => column.role === "dimension");
  const time = answer.columns.find((column) => column.role === "time");
  const value = answer.columns.find((column) => column.role === "value");
  const found = new Map<string, (number | null)[]>();
  if (!dimension || !time || !value || !answer.rows) return found;
  const place = new Map(times.map((each, n) => [each, n]));
  (answer.rows.columns[dimension.name] ?? []).forEach((key, n) => {
    const at = place.get(String(answer.rows?.columns[time.name]?.[n]));
    const line = found.get(String(key)) ?? times.map(() => null);
    if (at !== undefined) line[at] = numeric(answer.rows?.columns[value.name]?.[n]);
    found.set(String(key), line);
  });
  return found;
}

/** The period on top: the chosen one, else the last finished one that has a value. */
export function periodOnTop(line: Line, values: readonly (number | null)[], at: string): number {
  const chosen = at ? line.times.indexOf(at) : -1;
  if (chosen >= 0) return chosen;
  const known = values.flatMap((value, n) => (value === null ? [] : [n]));
  const finished = known.filter((n) => line.complete[n] !== false);
  return finished.at(-1) ?? known.at(-1) ?? -1;
}
