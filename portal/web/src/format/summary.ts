// A picture in one sentence, for whoever cannot or need not look at it.
import type { Trend } from "../charts/trend";
import { writeNumber } from "./number";
import { periodLabel } from "./period";

export function summaryOf(title: string, trend: Trend): string {
  const one = trend.series[0];
  if (!one || !trend.times.length) return "";
  const known = one.values.flatMap((value, n) => (value === null || trend.complete[n] === false ? [] : [{ value, at: trend.times[n] ?? "" }]));
  const last = known.at(-1);
  if (!last) return `${title}：所选时段没有数据。`;
  const high = known.reduce((best, each) => (each.value > best.value ? each : best));
  const low = known.reduce((best, each) => (each.value < best.value ? each : best));
  const said = (value: number): string => { const written = writeNumber(value, one.unit, one.style); return `${written.text} ${written.unit}`.trim(); };
  const missing = one.values.filter((value, n) => value === null && trend.complete[n] !== false).length;
  const now = trend.complete.at(-1) === false ? one.values.at(-1) : null;
  const open = now == null ? "" : `；${periodLabel(trend.times.at(-1), trend.grain)}未完，至今 ${said(now)}`;
  const name = trend.series.length > 1 && !trend.series[1]?.isBaseline ? one.name : title;
  if (high.value === low.value) return `${name}：${known.length} 期均为 ${said(last.value)}。`;
  return `${name}：${periodLabel(last.at, trend.grain)} ${said(last.value)}；最高 ${said(high.value)}（${periodLabel(high.at, trend.grain)}），最低 ${said(low.value)}（${periodLabel(low.at, trend.grain)}）${missing ? `，${missing} 期无数据` : ""}${open}。`;
}
