// Where a number comes from and what it feeds, from left to right: sources, tables, the number, what is made of it.
import type { LineageGraph, LineageNode } from "../api/types";

export interface Box extends LineageNode {
  x: number;
  y: number;
  height: number;
  shown: string[]; // the first few columns
  more: number;
}

export interface Curve {
  from: string;
  to: string;
  path: string;
}

export interface Picture {
  boxes: Box[];
  curves: Curve[];
  width: number;
  height: number;
}

export const BOX = { width: 216, gap: 88, head: 48, row: 18, apart: 24, mostRows: 4 };

/** Boxes in columns by depth, each column centred; curves from the right side of one to the left side of the other. */
export function lineagePicture(graph: LineageGraph): Picture {
  const depths = [...new Set(graph.nodes.map((node) => node.depth))].sort((a, b) => b - a);
  const columns = depths.map((depth) => graph.nodes.filter((node) => node.depth === depth).sort((a, b) => a.title.localeCompare(b.title, "zh")));
  const heightOf = (node: LineageNode): number => BOX.head + Math.min(node.detail.length, BOX.mostRows + 1) * BOX.row + (node.detail.length ? 8 : 0);
  const tall = columns.map((nodes) => nodes.reduce((sum, node) => sum + heightOf(node) + BOX.apart, -BOX.apart));
  const height = Math.max(BOX.head, ...tall);
  const boxes = columns.flatMap((nodes, column) => {
    let y = (height - (tall[column] ?? 0)) / 2;
    return nodes.map((node) => {
      const tooMany = node.detail.length > BOX.mostRows + 1;
      const shown = tooMany ? node.detail.slice(0, BOX.mostRows) : node.detail;
      const box: Box = { ...node, x: column * (BOX.width + BOX.gap), y, height: heightOf(node), shown, more: node.detail.length - shown.length };
      y += box.height + BOX.apart;
      return box;
    });
  });
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const curves = graph.edges.flatMap(({ from, to }) => {
    const [a, b] = [byId.get(from), byId.get(to)];
    return a && b ? [{ from, to, path: curve(a.x + BOX.width, a.y + a.height / 2, b.x, b.y + b.height / 2) }] : [];
  });
  return { boxes, curves, width: Math.max(1, depths.length) * (BOX.width + BOX.gap) - BOX.gap, height };
}

function curve(x1: number, y1: number, x2: number, y2: number): string {
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}
