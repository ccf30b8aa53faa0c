// A value over time: one or several lines or bars, the comparison dashed beside it, the unfinished period open.
import type { LevelLimit } from "../api/types";
import { SCALES, writeNumber, type NumberStyle } from "../format/number";
import { periodLabel, tickLabel } from "../format/period";
import { LEVELS, STATES } from "../format/level";
import type { EChartsOption } from "./echarts";
import { categoryAxis, QUIET, tooltip, valueAxis } from "./frame";
import { DIGITS, type Palette } from "./palette";
import { tip } from "./tip";

export interface Series {
  name: string;
  values: (number | null)[];
  unit: string;
  style: NumberStyle;
  isBaseline?: boolean;
  color?: string;
}

export interface Trend {
  times: string[];
  complete: boolean[];
  grain: string;
  series: Series[];
  form: "line" | "bar";
  limits: readonly LevelLimit[];
  target: number | null;
}

interface Pointed {
  dataIndex: number;
}

/** Only finished periods are drawn: half a day of a flow would look like a collapse. A trend of nothing else is drawn as it is. */
export function finishedPart(trend: Trend): Trend {
  let open = trend.times.length;
  while (open > 0 && trend.complete[open - 1] === false) open -= 1;
  if (open === 0 || open === trend.times.length) return trend;
  const cut = <T>(values: readonly T[]): T[] => values.slice(0, open);
  return { ...trend, times: cut(trend.times), complete: cut(trend.complete), series: trend.series.map((one) => ({ ...one, values: cut(one.values) })) };
}

export function colorOf(series: readonly Series[], n: number, colors: Palette): string {
  const one = series[n];
  if (one?.color) return one.color;
  if (one?.isBaseline) return colors.second;
  const place = series.slice(0, n).filter((each) => !each.isBaseline).length;
  return colors.series[place % colors.series.length] ?? colors.accent;
}

export function trendOption(whole: Trend, colors: Palette): EChartsOption {
  const trend = finishedPart(whole);
  const first = trend.series[0];
  const scale = first?.style.scale ?? "";
  const decimals = tickDecimals(trend.series.flatMap((one) => one.values), scale, trend.form === "bar");
  const write = (value: number): string => writeNumber(value, "", { scale, decimals }).text;
  const isAlone = trend.series.filter((each) => !each.isBaseline).length === 1;
  return {
    ...QUIET,
    grid: { left: 8, right: 24, top: 32, bottom: 8, containLabel: true },
    xAxis: categoryAxis(colors, trend.times.map((time) => tickLabel(time, trend.grain)), trend.form === "bar"),
    yAxis: valueAxis(colors, write, trend.form === "bar" || isFlat(trend), first ? writeNumber(null, first.unit, { scale, decimals: null }).unit : ""),
    tooltip: tooltip(colors, "axis", (params) => tipOf(trend, colors, params as Pointed[])),
    series: trend.series.flatMap((one, n) => drawn(trend, one, colorOf(trend.series, n, colors), isAlone && !one.isBaseline, colors)),
  } as EChartsOption;
}

/** Whether nothing moved: a scale around one value alone would be arbitrary. */
function isFlat(trend: Trend): boolean {
  return new Set(trend.series.flatMap((one) => one.values.filter((value) => value !== null))).size === 1;
}

/** Decimals that tell neighbouring ticks of an axis apart, the same for all of them. */
export function tickDecimals(values: readonly (number | null)[], scale: string, fromZero: boolean): number {
  const known = values.filter((value): value is number => value !== null);
  if (!known.length) return 0;
  const low = fromZero ? Math.min(0, ...known) : Math.min(...known);
  const step = (Math.max(...known) - low) / 4 / (SCALES[scale] ?? 1);
  return step > 0 ? Math.min(6, Math.max(0, Math.ceil(-Math.log10(step)))) : 0;
}

function tipOf(trend: Trend, colors: Palette, params: Pointed[]): HTMLElement {
  const at = params[0]?.dataIndex ?? 0;
  const rows = trend.series.map((one, n) => {
    const written = writeNumber(one.values[at] ?? null, one.unit, one.style);
    return { name: one.name, value: `${written.text} ${written.unit}`.trim(), color: colorOf(trend.series, n, colors), dashed: one.isBaseline === true };
  });
  return tip(periodLabel(trend.times[at], trend.grain), rows, trend.complete[at] === false ? "本期未完" : "");
}

function drawn(trend: Trend, one: Series, color: string, isMain: boolean, colors: Palette): object[] {
  if (trend.form === "bar" && !one.isBaseline) {
    return [{
      type: "bar", name: one.name, barMaxWidth: 28, barGap: "20%",
      data: one.values.map((value, n) => ({ value, itemStyle: trend.complete[n] === false ? { color: "transparent", borderColor: color, borderType: "dashed", borderWidth: 1.5 } : { color } })),
      ...(isMain ? { markLine: limitsOf(trend, one, colors) } : {}),
    }];
  }
  return [{
    type: "line", name: one.name, data: one.values, color, z: one.isBaseline ? 2 : 3,
    showSymbol: one.values.length <= 45 && !one.isBaseline, symbol: "circle", symbolSize: 5, emphasis: { disabled: true },
    lineStyle: { color, width: isMain ? 2.5 : 2, ...(one.isBaseline ? { type: [4, 4] } : {}) },
    ...(isMain ? { areaStyle: { color: colors.tint, origin: "start" }, markLine: limitsOf(trend, one, colors) } : {}),
  }];
}

/** Limits within sight of the values, the gravest first; one far off would flatten the line, and of two that lie on each other the milder is left out. */
export function limitsInSight(limits: readonly LevelLimit[], values: readonly (number | null)[]): LevelLimit[] {
  const known = values.filter((value): value is number => value !== null);
  if (!known.length) return [];
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const reach = Math.max(high - low, Math.abs(high) * 0.1);
  const seen = limits.filter((limit) => limit.limit >= low - reach && limit.limit <= high + reach).sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  const all = [low, high, ...seen.map((limit) => limit.limit)];
  const apart = (Math.max(...all) - Math.min(...all)) * 0.05;
  return seen.filter((limit, n) => seen.slice(0, n).every((graver) => graver.limit === limit.limit ? false : Math.abs(graver.limit - limit.limit) >= apart));
}

function limitsOf(trend: Trend, one: Series, colors: Palette): object {
  const limits = limitsInSight(trend.limits, one.values).map((limit) => ({
    yAxis: limit.limit, lineStyle: { color: colors.levels[limit.level], type: "dashed", width: 1 },
    label: { formatter: `${STATES[limit.level].word.slice(0, 1)} ${limit.limit}`, color: colors.levels[limit.level] },
  }));
  const target = trend.target === null ? [] : [{ yAxis: trend.target, lineStyle: { color: colors.text, type: "solid", width: 1 }, label: { formatter: `目标 ${trend.target}`, color: colors.text } }];
  return { silent: true, symbol: "none", animation: false, label: { position: "insideEndTop", fontFamily: DIGITS, fontSize: 12 }, data: [...limits, ...target] };
}
