// Two indicators against each other, with the straight line that lies closest.
import type { Correlation } from "../api/types";
import { styleForColumn, writeNumber } from "../format/number";
import { periodLabel } from "../format/period";
import type { EChartsOption } from "./echarts";
import { QUIET, tooltip, valueAxis } from "./frame";
import { SANS, type Palette } from "./palette";
import { tip } from "./tip";

/** Least squares: y = slope * x + begin; null where x does not vary. */
export function closestLine(points: readonly { a: number; b: number }[]): { slope: number; begin: number } | null {
  const n = points.length;
  const meanA = points.reduce((sum, point) => sum + point.a, 0) / n;
  const meanB = points.reduce((sum, point) => sum + point.b, 0) / n;
  const spread = points.reduce((sum, point) => sum + (point.a - meanA) ** 2, 0);
  if (!spread) return null;
  const slope = points.reduce((sum, point) => sum + (point.a - meanA) * (point.b - meanB), 0) / spread;
  return { slope, begin: meanB - slope * meanA };
}

export function scatterOption(found: Correlation, grain: string, nameOf: (keys: Record<string, string | null>) => string, colors: Palette): EChartsOption {
  const { points } = found;
  const styles = { a: styleForColumn(points.map((point) => point.a)), b: styleForColumn(points.map((point) => point.b)) };
  const write = (side: "a" | "b") => (value: number): string => writeNumber(value, "", { ...styles[side], decimals: null }).text;
  const axis = (side: "a" | "b"): object => ({
    ...valueAxis(colors, write(side), false), name: `${found[side].title}（${found[side].unit || "无单位"}）`, nameLocation: side === "a" ? "middle" : "end", nameGap: side === "a" ? 36 : 16,
    nameTextStyle: { color: colors.muted, fontFamily: SANS, fontSize: 13, ...(side === "b" ? { align: "left", padding: [0, 0, 0, -32] } : {}) }, nameRotate: 0,
  });
  const lowest = Math.min(...points.map((point) => point.a));
  const highest = Math.max(...points.map((point) => point.a));
  const line = closestLine(points);
  return {
    ...QUIET,
    grid: { left: 16, right: 24, top: 40, bottom: 40, containLabel: true },
    xAxis: axis("a"), yAxis: axis("b"),
    tooltip: tooltip(colors, "item", (params) => {
      const point = points[(params as { dataIndex: number }).dataIndex];
      if (!point) return "";
      const text = (side: "a" | "b"): string => `${writeNumber(point[side], "", styles[side]).text} ${found[side].unit}`;
      return tip(`${periodLabel(point.time, grain)} ${nameOf(point.keys)}`, [{ name: found.a.title, value: text("a") }, { name: found.b.title, value: text("b") }]);
    }),
    series: [
      { type: "scatter", data: points.map((point) => [point.a, point.b]), symbolSize: points.length > 300 ? 6 : 9, itemStyle: { color: colors.accent, opacity: 0.7 } },
      ...(line && found.r !== null
        ? [{ type: "line", data: [lowest, highest].map((x) => [x, line.slope * x + line.begin]), showSymbol: false, silent: true, lineStyle: { color: colors.second, width: 2, type: "dashed" }, tooltip: { show: false } }]
        : []),
    ],
  } as EChartsOption;
}
