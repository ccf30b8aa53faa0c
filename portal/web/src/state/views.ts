// What each page lets a reader choose, under the names that stand in its address.
import { cuts, list, oneOf, text, type Cut, type Fields } from "./codec";

/** The catalogue: what is looked for and what it is cut to. */
export interface CatalogueView {
  q: string;
  domain: string;
  owner: string;
  state: string;
}

export const CATALOGUE: Fields<CatalogueView> = { q: text(), domain: text(), owner: text(), state: text() };

/** How a comparison lies over a series. */
export const OVERLAYS = ["none", "yoy", "prev", "mom", "wow"] as const;
export type Overlay = (typeof OVERLAYS)[number];

/** One indicator. Empty text: the indicator's own default. `by` is a dimension, or `none`. */
export interface IndicatorView {
  grain: string;
  last: string;
  from: string;
  to: string;
  by: string;
  cut: Cut[];
  vs: Overlay;
  mod: string;
  pick: string[];
  show: "chart" | "table";
  form: "line" | "bar";
  why: string;
  whyBy: string;
  at: string;
}

export const INDICATOR: Fields<IndicatorView> = {
  grain: text(),
  last: text(),
  from: text(),
  to: text(),
  by: text(),
  cut: cuts(),
  vs: oneOf(OVERLAYS, "none"),
  mod: text(),
  pick: list(),
  show: oneOf(["chart", "table"] as const, "chart"),
  form: oneOf(["line", "bar"] as const, "line"),
  why: text(),
  whyBy: text(),
  at: text(),
};

export const PICTURES = ["trend", "pivot", "scatter", "share"] as const;
export type Picture = (typeof PICTURES)[number];

/** The workbench: several indicators and one formula, seen in one of several ways. */
export interface WorkbenchView {
  i: string[];
  f: string;
  grain: string;
  last: string;
  by: string;
  cut: Cut[];
  see: Picture;
  across: string; // what the pivot's columns are: empty for the indicators, `time`, or a dimension
  m: string; // which of them fills the cells
  x: string;
  y: string;
  show: "chart" | "table";
  sort: string; // the pivot column that orders its rows; `-` before it: the least first
}

export const WORKBENCH: Fields<WorkbenchView> = {
  i: list(),
  f: text(),
  grain: text(),
  last: text(),
  by: text(),
  cut: cuts(),
  see: oneOf(PICTURES, "trend"),
  across: text(),
  m: text(),
  x: text(),
  y: text(),
  show: oneOf(["chart", "table"] as const, "chart"),
  sort: text(),
};
