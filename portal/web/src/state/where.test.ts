import { expect, it } from "vitest";
import { whereOf, withCut } from "./where";

it("one member is an equation, several are a list, and a quote is doubled", () => {
  expect(whereOf([{ dimension: "city.district", keys: ["110105"] }, { dimension: "kind", keys: ["a", "it's"] }])).toBe("city.district = '110105' and kind in ('a', 'it''s')");
});
it("nothing cut is no condition", () => {
  expect(whereOf([])).toBeUndefined();
  expect(whereOf([{ dimension: "kind", keys: [] }])).toBeUndefined();
});
it("a dimension is cut once, and no keys take its cut away", () => {
  expect(withCut([{ dimension: "kind", keys: ["a"] }], "kind", ["b"])).toEqual([{ dimension: "kind", keys: ["b"] }]);
  expect(withCut([{ dimension: "kind", keys: ["a"] }], "kind", [])).toEqual([]);
});
