// A formula as it is written and as it is read: names, signs and what is wrong, each at its place in the text.
import type { FormulaAnswer, PlacedTrouble } from "../api/types";

export interface Segment {
  kind: "text" | "indicator" | "wrong";
  text: string; // as written
  shown: string; // as read
  id?: string;
}

const SIGNS: Record<string, string> = { "*": "×", "/": "÷", "-": "−" };
const signs = (text: string): string => text.replace(/\s*([*/+-])\s*/g, (_, sign: string) => ` ${SIGNS[sign] ?? sign} `);

/** The text cut at indicators and findings, in order; what overlaps an earlier piece is left to it. */
export function segments(text: string, checked: FormulaAnswer | null): Segment[] {
  const marks = [
    ...(checked?.findings ?? []).filter((each) => each.end > each.start).map((each) => ({ start: each.start, end: each.end, kind: "wrong" as const, shown: "", id: "" })),
    ...(checked?.indicators ?? []).map((each) => ({ start: each.start, end: each.end, kind: "indicator" as const, shown: each.title, id: each.id })),
  ].sort((a, b) => a.start - b.start || (a.kind === "wrong" ? -1 : 1));
  const found: Segment[] = [];
  let at = 0;
  const plain = (to: number): void => {
    if (to > at) found.push({ kind: "text", text: text.slice(at, to), shown: signs(text.slice(at, to)) });
  };
  for (const mark of marks) {
    if (mark.start < at || mark.end > text.length) continue;
    plain(mark.start);
    const written = text.slice(mark.start, mark.end);
    found.push({ kind: mark.kind, text: written, shown: mark.shown || written, ...(mark.id ? { id: mark.id } : {}) });
    at = mark.end;
  }
  plain(text.length);
  return found;
}

/** The findings with the one under the caret first. */
export function underCaret(findings: readonly PlacedTrouble[], caret: number): PlacedTrouble[] {
  const isUnder = (each: PlacedTrouble): boolean => each.start <= caret && caret <= Math.max(each.end, each.start + 1);
  return [...findings].sort((a, b) => Number(isUnder(b)) - Number(isUnder(a)) || a.start - b.start);
}

/** The name that is being written where the caret stands. */
export function wordAt(text: string, caret: number): { start: number; end: number; word: string } {
  const isName = (character: string | undefined): boolean => character !== undefined && /[\p{L}\p{N}_.]/u.test(character);
  let start = caret;
  while (start > 0 && isName(text[start - 1])) start -= 1;
  let end = caret;
  while (end < text.length && isName(text[end])) end += 1;
  return { start, end, word: text.slice(start, end) };
}
