// Everything a page shows stands in its address: these codecs turn queries into views and back, leaving out what goes without saying.

/** What a router calls a query. */
export type RawQuery = Record<string, string | null | readonly (string | null)[] | undefined>;

/** Turns one parameter into a value and back; an empty list stands for nothing said. */
export interface Field<T> {
  read(said: readonly string[]): T;
  write(value: T): readonly string[];
}

export function text(otherwise = ""): Field<string> {
  return { read: (said) => said[0] ?? otherwise, write: (value) => (value === otherwise ? [] : [value]) };
}

export function list(): Field<string[]> {
  return { read: (said) => [...new Set(said.filter(Boolean))], write: (value) => value };
}

export function flag(): Field<boolean> {
  return { read: (said) => said[0] === "1", write: (value) => (value ? ["1"] : []) };
}

export function oneOf<T extends string>(values: readonly T[], otherwise: T): Field<T> {
  return {
    read: (said) => values.find((value) => value === said[0]) ?? otherwise,
    write: (value) => (value === otherwise ? [] : [value]),
  };
}

/** Members of a dimension that rows are cut to: `city.district:110105,110106`. */
export interface Cut {
  dimension: string;
  keys: string[];
}

export function cuts(): Field<Cut[]> {
  return {
    read: (said) => said.flatMap((each) => {
      const at = each.indexOf(":");
      const keys = at > 0 ? each.slice(at + 1).split(",").filter(Boolean).map(unescaped) : [];
      return keys.length ? [{ dimension: each.slice(0, at), keys }] : [];
    }),
    write: (value) => value.filter((cut) => cut.keys.length).map((cut) => `${cut.dimension}:${cut.keys.map(escaped).join(",")}`),
  };
}

const escaped = (key: string): string => key.replaceAll("%", "%25").replaceAll(",", "%2C");
const unescaped = (key: string): string => key.replaceAll("%2C", ",").replaceAll("%25", "%");

export type Fields<V> = { [K in keyof V]: Field<V[K]> };

/** The view that an address stands for; what it does not say is at its default, what it does not know is dropped. */
export function decode<V extends object>(fields: Fields<V>, query: RawQuery): V {
  const entries = (Object.keys(fields) as (keyof V & string)[]).map((name) => {
    const raw = query[name];
    const said = (Array.isArray(raw) ? raw : [raw]).filter((each): each is string => typeof each === "string");
    return [name, fields[name].read(said)];
  });
  return Object.fromEntries(entries) as V;
}

/** The query of a view. */
export function encode<V extends object>(fields: Fields<V>, view: V): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const name of Object.keys(fields) as (keyof V & string)[]) {
    const said = fields[name].write(view[name]);
    if (said.length === 1 && said[0] !== undefined) query[name] = said[0];
    else if (said.length > 1) query[name] = [...said];
  }
  return query;
}
