// What the server says, field by field; a test compares these names with the server's own answers.

export interface Trouble {
  code: string;
  zh: string;
  en: string;
  place?: string;
  advice_zh?: string;
  advice_en?: string;
}

export interface Problem extends Trouble {
  status: number;
  title: string;
  findings?: Trouble[];
}

export type Role = "time" | "dimension" | "label" | "value";
export type Cell = string | number | boolean | null;

export interface ColumnLine {
  name: string;
  title: string;
  unit: string | null;
  type: string;
  role: Role;
}

export interface Rows {
  count: number;
  columns: Record<string, Cell[]>;
  complete: boolean[];
  marks: string[][];
}

/** The answer of one question; `rows` is null when it could not be answered, and `findings` say why. */
export interface AnswerLine {
  index: number;
  columns: ColumnLine[];
  rows: Rows | null;
  totals: Rows | null;
  as_of: string | null;
  data_version: Record<string, number>;
  definition_version: string;
  freshness: string;
  marks: string[];
  truncated: boolean;
  explain: string[];
  findings: Trouble[];
}

export type Modifier = string | Record<string, Record<string, unknown>>;

export interface Asked {
  of: string;
  modifier?: Modifier | Modifier[];
  as?: string;
}

export interface Period {
  from?: string;
  to?: string;
  last?: string;
}

export interface Question {
  indicators: (string | Asked)[];
  by?: string[];
  grain?: string;
  period?: Period;
  where?: string;
  order?: { by: string; desc?: boolean }[];
  limit?: number;
  totals?: boolean;
  fill?: "time" | "members" | "all";
  edge?: "cut" | "whole";
}

export interface Freshness {
  as_of: string | null;
  state: "fresh" | "late" | "stale" | "failed" | "unknown";
  word: string;
  since: string | null;
  zh: string;
  en: string;
  of: string;
}

/** One hit of the search; the last five say how an indicator is shown. */
export interface FoundEntry {
  id: string;
  kind: string;
  title: string;
  unit: string | null;
  meaning: string | null;
  owner: string | null;
  domain: string;
  domain_title: string;
  used_by: number;
  freshness: Freshness;
  match: string;
  default_grain: string;
  default_last: string;
  display: string | null;
  direction: "up" | "down" | "neutral";
  levels: LevelLimit[];
}

export interface SearchAnswer {
  q: string;
  count: number;
  results: FoundEntry[];
  domains: { name: string; title: string; count: number }[];
  owners: { name: string; count: number }[];
}

export interface Choice {
  value: string;
  title: string;
}

export interface DimensionFacts {
  id: string;
  title: string;
  coarser: string[];
  finer: string[];
  has_labels: boolean;
  is_region: boolean;
}

export interface ModifierFacts {
  tag: string;
  title: string;
  sentence: string;
  needs_grain: boolean;
  unit: string;
  schema: { required?: string[]; properties?: Record<string, { enum?: string[] }> };
  default: Record<string, unknown>;
}

export interface LevelLimit {
  comparison: "above" | "at_or_above" | "below" | "at_or_below" | "abs_at_or_above";
  level: "red" | "orange" | "yellow" | "blue";
  limit: number;
}

export interface LineageNode {
  id: string;
  kind: "indicator" | "dataset" | "source";
  title: string;
  depth: number;
  detail: string[];
}

export interface LineageGraph {
  nodes: LineageNode[];
  edges: { from: string; to: string }[];
}

export interface Facts {
  id: string;
  title: string;
  unit: string;
  meaning: string | null;
  owner: string | null;
  domain: string;
  domain_title: string;
  direction: "up" | "down" | "neutral";
  display: string | null;
  file: string;
  formula: string;
  definition_version: string;
  as_of: string | null;
  begin: string | null;
  freshness: Freshness;
  grains: Choice[];
  default_grain: string;
  spans: Record<string, Choice[]>;
  default_last: Record<string, string>;
  dimensions: DimensionFacts[];
  modifiers: ModifierFacts[];
  calendars: string[];
  used_by: { id: string; title: string }[];
  made_of: { id: string; title: string }[];
  lineage: LineageGraph;
  levels: LevelLimit[];
  target: { value: number | null; of: string | null } | null;
  refresh: string | null;
  stale_after: string | null;
  versions: { until: string }[];
}

export interface Member {
  key: string;
  title: string;
  parent: { dimension: string; key: string; title: string } | null;
  has_finer: boolean;
}

export interface Members {
  dimension: string;
  title: string;
  coarser: string[];
  finer: string[];
  count: number;
  members: Member[];
}

export interface WhySide {
  from: string;
  to: string;
  label: string;
  value: number | null;
  is_whole: boolean;
}

export interface WhyLeaf {
  name: string;
  title: string;
  formula: string;
  unit: string;
  old: number | null;
  new: number | null;
  contribution: number;
  share: number | null;
  is_additive: boolean;
}

export interface WhyPart {
  kind: "member" | "others" | "unsplit";
  key: string | null;
  title: string;
  status: "both" | "new" | "vanished" | "";
  old: number | null;
  new: number | null;
  contribution: number;
  share: number | null;
  leaves: { name: string; contribution: number }[];
}

export interface WhyDimension {
  dimension: string;
  title: string;
  reason: Trouble | null;
  parts: WhyPart[];
}

export interface Why {
  indicator: string;
  title: string;
  unit: string;
  against: string;
  formula: string;
  method: string;
  now: WhySide;
  then: WhySide;
  change: number | null;
  rate: number | null;
  change_unit: string;
  reason: Trouble | null;
  leaves: WhyLeaf[];
  dimensions: WhyDimension[];
  sentence_zh: string;
  sentence_en: string;
  as_of: string | null;
  data_version: Record<string, number>;
  definition_version: string;
}

/** A node of the formula tree, with its value where there is one. */
export interface Explained {
  label: string;
  title: string;
  kind: string;
  indicator: string;
  meaning: string;
  owner: string;
  formula: string;
  value: Cell;
  unit: string;
  sql: string;
  tables: string[];
  data_version: Record<string, number>;
  as_of: string;
  why_null_zh: string;
  why_null_en: string;
  states: string[];
  read_zh: string[];
  read_en: string[];
  children: Explained[];
}

export interface SqlText {
  id: string;
  dialect: string;
  sql: string;
}

export interface FormulaQuestion {
  formula: string;
  title?: string;
  unit?: string;
  by?: string[];
  grain?: string;
  period?: Period;
  where?: string;
  fill?: "time" | "members" | "all";
  edge?: "cut" | "whole";
  check_only?: boolean;
}

export interface PlacedTrouble extends Trouble {
  start: number;
  end: number;
}

export interface FormulaAnswer {
  canonical: string | null;
  unit: string;
  indicators: { id: string; title: string; unit: string; start: number; end: number }[];
  findings: PlacedTrouble[];
  answer: AnswerLine | null;
}

export interface CorrelationSide {
  of: string;
  title: string;
  unit: string;
}

export interface CorrelationPoint {
  time: string;
  keys: Record<string, string | null>;
  a: number;
  b: number;
}

export interface Correlation {
  a: CorrelationSide;
  b: CorrelationSide;
  n: number;
  min_n: number;
  r: number | null;
  r_squared: number | null;
  reason: Trouble | null;
  points: CorrelationPoint[];
  as_of: string | null;
  sentence_zh: string;
  sentence_en: string;
  definition_version: string;
}

/** What the project itself says, as its file does. */
export interface Project {
  title: string;
  domains?: { name: string; title: string }[];
}
