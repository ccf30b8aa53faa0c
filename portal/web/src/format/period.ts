// Times as labels: a month is 2026年11月, not the midnight that begins it. Texts are cut, never parsed into a zone.

interface Instant {
  year: number;
  month: number;
  day: number;
  clock: string;
}

function instantOf(text: string): Instant | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2}))?/.exec(text);
  return match ? { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]), clock: match[4] ?? "" } : null;
}

const two = (n: number): string => String(n).padStart(2, "0");

/** The whole name of the period that begins at `start`. */
export function periodLabel(start: string | null | undefined, grain: string | null | undefined): string {
  const at = start ? instantOf(start) : null;
  if (!at) return start ?? "";
  const month = `${at.year}年${at.month}月`;
  const day = `${month}${at.day}日`;
  switch (grain) {
    case "year": return `${at.year}年`;
    case "half_year": return `${at.year}年${at.month < 7 ? "上" : "下"}半年`;
    case "quarter": return `${at.year}年第${Math.floor((at.month + 2) / 3)}季度`;
    case "month": return month;
    case "ten_day": return `${month}${"上中下"[Math.min(Math.floor((at.day - 1) / 10), 2)]}旬`;
    case "week": return `${day}起一周`;
    case "day": return day;
    default: return at.clock ? `${day} ${at.clock}` : day;
  }
}

/** A short name for an axis: the part that changes from tick to tick. */
export function tickLabel(start: string, grain: string | null | undefined): string {
  const at = instantOf(start);
  if (!at) return start;
  if (grain === "year") return String(at.year);
  if (grain === "quarter") return `${at.year} Q${Math.floor((at.month + 2) / 3)}`;
  if (grain === "half_year" || grain === "month") return `${at.year}-${two(at.month)}`;
  return at.clock && grain !== "day" && grain !== "week" && grain !== "ten_day" ? `${two(at.month)}-${two(at.day)} ${at.clock}` : `${two(at.month)}-${two(at.day)}`;
}

/** 2026-11-22 08:00, without the time when it is midnight. */
export function instantLabel(moment: string | null | undefined): string {
  if (!moment) return "—";
  const at = instantOf(moment);
  return at ? `${at.year}-${two(at.month)}-${two(at.day)}${at.clock && at.clock !== "00:00" ? ` ${at.clock}` : ""}` : moment;
}

/** `2026-11-16` to the day before `2026-11-23`, as people write a span. */
export function spanLabel(from: string, to: string): string {
  const last = dayBefore(to);
  return instantLabel(from) === last ? last : `${instantLabel(from)} 至 ${last}`;
}

function dayBefore(moment: string): string {
  const at = instantOf(moment);
  if (!at) return moment;
  if (at.clock && at.clock !== "00:00") return instantLabel(moment);
  const before = new Date(Date.UTC(at.year, at.month - 1, at.day - 1));
  return `${before.getUTCFullYear()}-${two(before.getUTCMonth() + 1)}-${two(before.getUTCDate())}`;
}

/** The begin of the period that a comparison looks at: `yoy` a year before, `mom` a month, `wow` a week, `prev` one period of the grain. */
export function comparedStart(start: string, grain: string, against: string): string {
  const at = instantOf(start);
  if (!at) return start;
  const months: Record<string, number> = { month: 1, quarter: 3, half_year: 6, year: 12 };
  const days: Record<string, number> = { day: 1, week: 7 };
  const [back, forth] = against === "yoy" ? [12, 0] : against === "mom" ? [1, 0] : against === "wow" ? [0, 7] : [months[grain] ?? 0, days[grain] ?? 0];
  const then = new Date(Date.UTC(at.year, at.month - 1 - back, at.day - forth));
  return `${then.getUTCFullYear()}-${two(then.getUTCMonth() + 1)}-${two(then.getUTCDate())}${start.slice(10)}`;
}

/** Whether a period begins before the rows do: what is known of it is a part, however whole it looks. */
export function isBefore(start: string, begin: string | null | undefined): boolean {
  return !!begin && start < (start.length > 10 ? begin : begin.slice(0, 10));
}

/** The begin of the period after the one that begins at `start`, as a date; null for grains below a day. */
export function periodEnd(start: string, grain: string): string | null {
  const at = instantOf(start);
  if (!at) return null;
  const months: Record<string, number> = { month: 1, quarter: 3, half_year: 6, year: 12 };
  const days: Record<string, number> = { day: 1, week: 7 };
  const next = grain in months
    ? new Date(Date.UTC(at.year, at.month - 1 + (months[grain] ?? 0), at.day))
    : grain in days ? new Date(Date.UTC(at.year, at.month - 1, at.day + (days[grain] ?? 0))) : null;
  return next && `${next.getUTCFullYear()}-${two(next.getUTCMonth() + 1)}-${two(next.getUTCDate())}`;
}
