// What state a number is in, told three ways at once: a colour, a shape and a word.
import type { Freshness, LevelLimit } from "../api/types";

export type Tone = "red" | "orange" | "yellow" | "blue" | "sound" | "late" | "stale" | "failed" | "empty";
export type Shape = "triangle" | "diamond" | "circle" | "square" | "check" | "ring" | "cross" | "half" | "dash";

export interface State {
  tone: Tone;
  shape: Shape;
  word: string;
}

export const STATES = {
  red: { tone: "red", shape: "triangle", word: "红色预警" },
  orange: { tone: "orange", shape: "diamond", word: "橙色预警" },
  yellow: { tone: "yellow", shape: "circle", word: "黄色预警" },
  blue: { tone: "blue", shape: "square", word: "蓝色预警" },
  sound: { tone: "sound", shape: "check", word: "正常" },
  fresh: { tone: "sound", shape: "check", word: "最新" },
  late: { tone: "late", shape: "half", word: "延迟" },
  gap: { tone: "late", shape: "half", word: "最近一期无值" },
  stale: { tone: "stale", shape: "ring", word: "陈旧" },
  empty: { tone: "empty", shape: "dash", word: "无数据" },
  failed: { tone: "failed", shape: "cross", word: "计算失败" },
  broken: { tone: "failed", shape: "cross", word: "取数失败" },
} as const satisfies Record<string, State>;

/** From the gravest to the mildest. */
export const LEVELS = ["red", "orange", "yellow", "blue"] as const;

function holds(limit: LevelLimit, value: number): boolean {
  switch (limit.comparison) {
    case "above": return value > limit.limit;
    case "at_or_above": return value >= limit.limit;
    case "below": return value < limit.limit;
    case "at_or_below": return value <= limit.limit;
    case "abs_at_or_above": return Math.abs(value) >= limit.limit;
  }
}

/** The gravest level whose limit the value has reached. */
export function levelOf(limits: readonly LevelLimit[], value: number): (typeof LEVELS)[number] | null {
  return LEVELS.find((level) => limits.some((limit) => limit.level === level && holds(limit, value))) ?? null;
}

/** One state for a number: not computed, missing, old, alarming, late, or sound. */
export function stateOf(
  value: number | null, limits: readonly LevelLimit[], freshness: Freshness | null, of: { failed?: boolean; late?: boolean; gap?: boolean } = {},
): State {
  if (of.failed) return STATES.failed;
  if (value === null) return STATES.empty;
  if (freshness?.state === "failed") return STATES.broken;
  if (freshness?.state === "stale") return STATES.stale;
  const level = levelOf(limits, value);
  if (level) return STATES[level];
  if (of.gap) return STATES.gap;
  if (of.late || freshness?.state === "late") return STATES.late;
  return limits.length ? STATES.sound : STATES.fresh;
}

/** Where a value stands, from 0 to 1, among limits set at equal steps: limits close together stay legible beside a value far off. */
export function placeOnSteps(limits: readonly number[], value: number): number {
  const step = 1 / (limits.length + 1);
  const above = limits.findIndex((limit) => value < limit);
  const next = above < 0 ? limits.length : above;
  const [low, high] = [limits[next - 1], limits[next]];
  if (low !== undefined && high !== undefined) return step * (next + (value - low) / (high - low));
  const usual = limits.length > 1 ? ((limits.at(-1) ?? 0) - (limits[0] ?? 0)) / (limits.length - 1) : Math.abs(limits[0] ?? 1) || 1;
  if (high !== undefined) return step * Math.max(0.08, 1 - (high - value) / usual);
  return step * (next + Math.min(0.92, (value - (low ?? 0)) / usual));
}

/** A definition's own levels, as the catalog writes them. */
export function limitsOf(levels: unknown): LevelLimit[] {
  const names: Record<string, LevelLimit["level"]> = { 红: "red", 橙: "orange", 黄: "yellow", 蓝: "blue", red: "red", orange: "orange", yellow: "yellow", blue: "blue" };
  const comparisons: LevelLimit["comparison"][] = ["above", "at_or_above", "below", "at_or_below", "abs_at_or_above"];
  const said = (levels ?? {}) as Record<string, unknown>;
  return comparisons.flatMap((comparison) =>
    Object.entries((said[comparison] ?? {}) as Record<string, number>).flatMap(([name, limit]) => {
      const level = names[name];
      return level ? [{ comparison, level, limit }] : [];
    }));
}
