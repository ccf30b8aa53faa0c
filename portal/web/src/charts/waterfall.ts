// Steps that lead from one number to another, as bars that begin where the last one ended.

export interface Step {
  kind: "whole" | "step";
  title: string;
  value: number; // of a whole: the number itself; of a step: by how much it moves
  note?: string;
  old?: number | null;
  now?: number | null;
  share?: number | null;
  key?: string | null;
  status?: string;
}

export interface Placed extends Step {
  from: number; // in percent of the width
  to: number;
  reaches: number; // running value after the step
}

/** Where each bar stands; the scale shows the span that the running value crosses, so that small changes of a great number are seen. */
export function placed(steps: readonly Step[]): Placed[] {
  let running = 0;
  const spans = steps.map((step) => {
    const begin = step.kind === "whole" ? step.value : running;
    running = step.kind === "whole" ? step.value : running + step.value;
    return { begin, end: running };
  });
  const all = spans.flatMap(({ begin, end }) => [begin, end]);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  const place = (value: number): number => ((value - low + room) / (high - low + 2 * room)) * 100;
  return steps.map((step, n) => {
    const { begin, end } = spans[n] ?? { begin: 0, end: 0 };
    return { ...step, from: place(Math.min(begin, end)), to: place(Math.max(begin, end)), reaches: place(end) };
  });
}
