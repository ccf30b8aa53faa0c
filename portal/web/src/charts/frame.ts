// Axes, grid and tooltip alike in every chart.
import { DIGITS, SANS, type Palette } from "./palette";

export function categoryAxis(colors: Palette, labels: readonly string[], boundaryGap: boolean): object {
  return {
    type: "category", data: labels, boundaryGap,
    axisLine: { lineStyle: { color: colors.line } }, axisTick: { show: false },
    axisLabel: { color: colors.muted, fontFamily: DIGITS, fontSize: 13, hideOverlap: true, margin: 12 },
  };
}

export function valueAxis(colors: Palette, write: (value: number) => string, fromZero: boolean, unit = ""): object {
  return {
    type: "value", scale: !fromZero, splitNumber: 4, axisTick: { show: false },
    ...(unit ? { name: unit, nameLocation: "end", nameGap: 12, nameTextStyle: { color: colors.muted, fontFamily: SANS, fontSize: 12, align: "right", padding: [0, 8, 0, 0] } } : {}),
    splitLine: { lineStyle: { color: colors.faint } }, axisLine: { show: false },
    axisLabel: { color: colors.muted, fontFamily: DIGITS, fontSize: 13, formatter: write },
  };
}

export function tooltip(colors: Palette, trigger: "axis" | "item", formatter: (params: unknown) => HTMLElement | string): object {
  return {
    trigger, confine: true, formatter, backgroundColor: colors.raised, borderColor: colors.line, borderWidth: 1, padding: 0, transitionDuration: 0,
    textStyle: { color: colors.text, fontFamily: SANS, fontSize: 14 }, extraCssText: "box-shadow:none;border-radius:3px;",
    axisPointer: { type: "line", lineStyle: { color: colors.muted, type: "solid", width: 1 }, shadowStyle: { color: colors.tint } },
  };
}

export const QUIET = { animation: false, textStyle: { fontFamily: SANS } } as const;
