// A small line as an SVG path: holes stay holes.

export interface SparkLine {
  path: string;
  end: { x: number; y: number } | null;
}

/** A path through the values in a box, two pixels inside its edges; one value alone is a point. */
export function sparkLine(values: readonly (number | null)[], width: number, height: number): SparkLine {
  const known = values.filter((value): value is number => value !== null);
  if (!known.length) return { path: "", end: null };
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const step = values.length > 1 ? (width - 8) / (values.length - 1) : 0;
  const y = (value: number): number => (high === low ? height / 2 : 3 + (height - 6) * (1 - (value - low) / (high - low)));
  let path = "";
  let pen = false;
  let end: SparkLine["end"] = null;
  values.forEach((value, n) => {
    if (value === null) {
      pen = false;
      return;
    }
    end = { x: round(4 + n * step), y: round(y(value)) };
    path += `${pen ? "L" : "M"}${end.x} ${end.y}`;
    pen = true;
  });
  return { path, end };
}

const round = (n: number): number => Math.round(n * 10) / 10;
