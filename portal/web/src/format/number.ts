// Numbers as people of the city read them: scaled by 万 and 亿, grouped by thousands, never with digits that were not measured.

export const SCALES: Record<string, number> = { "": 1, 百: 100, 千: 1_000, 万: 10_000, 百万: 1_000_000, 千万: 10_000_000, 亿: 100_000_000 };
export const NOTHING = "—";

/** How a column of numbers is written: one scale and one number of decimals for all of them. */
export interface NumberStyle {
  scale: string;
  decimals: number | null;
}

/** A number ready for the eye. */
export interface Written {
  text: string;
  unit: string;
}

/** `万,2` is ten thousands with two decimals. */
export function styleOf(display: string | null | undefined): NumberStyle {
  const match = /^(百|千|万|百万|千万|亿)?,?([0-9])?$/.exec(display ?? "");
  if (!match) return { scale: "", decimals: null };
  return { scale: match[1] ?? "", decimals: match[2] === undefined ? null : Number(match[2]) };
}

/** About four significant digits: none after the point above a thousand, three that are not zero below one. */
export function decimalsThatMatter(value: number): number {
  const size = Math.abs(value);
  if (size >= 1000 || Number.isInteger(value)) return 0;
  return size >= 100 ? 1 : size >= 1 ? 2 : Math.min(9, Math.max(3, 2 - Math.floor(Math.log10(size))));
}

function grouped(value: number, decimals: number): string {
  const text = value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return (/[1-9]/.test(text) ? text : text.replace("-", "")).replace("-", "−");
}

/** A value in its unit; null is a dash. */
export function writeNumber(value: number | null | undefined, unit = "", style: NumberStyle = { scale: "", decimals: null }): Written {
  const shownUnit = style.scale + unit;
  if (value === null || value === undefined || Number.isNaN(value)) return { text: NOTHING, unit: shownUnit };
  const scaled = value / (SCALES[style.scale] ?? 1);
  return { text: grouped(scaled, style.decimals ?? decimalsThatMatter(scaled)), unit: shownUnit };
}

/** One style for a column: the display's scale only where it leaves the greatest above one, and decimals that suit the greatest. */
export function styleForColumn(values: readonly (number | null)[], display?: string | null): NumberStyle {
  const greatest = Math.max(0, ...values.map((value) => Math.abs(value ?? 0)));
  const said = styleOf(display);
  if (said.scale && greatest >= (SCALES[said.scale] ?? 1)) return { scale: said.scale, decimals: said.decimals ?? decimalsThatMatter(greatest) };
  const isWhole = values.every((value) => value === null || Number.isInteger(value));
  const decimals = isWhole ? 0 : said.scale || said.decimals === null ? decimalsThatMatter(greatest) : said.decimals;
  return { scale: "", decimals };
}

/** A number that always shows its sign; zero has none. */
export function signed(value: number, decimals: number): string {
  const text = grouped(Math.abs(value), decimals);
  return /[1-9]/.test(text) ? (value > 0 ? "+" : "−") + text : text;
}

/** A share in whole per cent, its minus as long as those beside it; null is a dash. */
export function percent(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : `${grouped(value, 0)}%`;
}

/** Change against an earlier value: points (pp) for a percentage, % for all else; null where there is none. */
export function changeOf(now: number | null | undefined, before: number | null | undefined, unit: string): { value: number; text: string } | null {
  if (now === null || now === undefined || before === null || before === undefined) return null;
  if (unit === "%") return { value: now - before, text: `${signed(now - before, 2)} pp` };
  if (before === 0) return null;
  const rate = (now / before - 1) * 100;
  return { value: rate, text: `${signed(rate, Math.abs(rate) >= 100 ? 0 : 1)}%` };
}

/** A cell of an answer as a number, where it is one. */
export function numeric(cell: unknown): number | null {
  if (typeof cell === "number") return cell;
  if (typeof cell !== "string" || cell.trim() === "") return null;
  const value = Number(cell);
  return Number.isNaN(value) ? null : value;
}
