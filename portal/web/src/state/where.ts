// Chosen members as the condition that questions carry.
import type { Cut } from "./codec";

const quoted = (key: string): string => `'${key.replaceAll("'", "''")}'`;

/** `city.district = '110105' and …`; undefined where nothing is cut. */
export function whereOf(chosen: readonly Cut[]): string | undefined {
  const parts = chosen.filter((cut) => cut.keys.length).map((cut) =>
    cut.keys.length === 1 ? `${cut.dimension} = ${quoted(cut.keys[0] ?? "")}` : `${cut.dimension} in (${cut.keys.map(quoted).join(", ")})`);
  return parts.length ? parts.join(" and ") : undefined;
}

/** The cuts with one dimension cut anew; no keys: no longer cut. */
export function withCut(chosen: readonly Cut[], dimension: string, keys: readonly string[]): Cut[] {
  const others = chosen.filter((cut) => cut.dimension !== dimension);
  return keys.length ? [...others, { dimension, keys: [...keys] }] : others;
}
