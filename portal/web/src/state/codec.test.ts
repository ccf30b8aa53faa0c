import { describe, expect, it } from "vitest";
import { cuts, decode, encode } from "./codec";
import { CATALOGUE, INDICATOR, WORKBENCH, type IndicatorView } from "./views";

const VIEW: IndicatorView = {
  grain: "month", last: "P24M", from: "", to: "", by: "city.street", cut: [{ dimension: "city.district", keys: ["110105"] }, { dimension: "waste.kind", keys: ["a,b", "50%"] }],
  vs: "yoy", mod: "mtd", pick: ["110105001", "110105002"], show: "table", form: "bar", why: "yoy", whyBy: "waste.kind", at: "2026-10-01",
};

describe("the address of a page", () => {
  it("gives back the view it was made from", () => {
    expect(decode(INDICATOR, encode(INDICATOR, VIEW))).toEqual(VIEW);
  });
  it("says nothing where everything is at its default", () => {
    expect(encode(INDICATOR, decode(INDICATOR, {}))).toEqual({});
    expect(encode(CATALOGUE, decode(CATALOGUE, {}))).toEqual({});
    expect(encode(WORKBENCH, decode(WORKBENCH, {}))).toEqual({});
  });
  it("drops what it does not know", () => {
    const view = decode(INDICATOR, { vs: "century", show: ["table", "chart"], pick: [null, "a", "a"], colour: "red" });
    expect([view.vs, view.show, view.pick]).toEqual(["none", "table", ["a"]]);
  });
  it("survives a round through real addresses", () => {
    const said = new URLSearchParams(Object.entries(encode(INDICATOR, VIEW)).flatMap(([name, value]) => [value].flat().map((each) => [name, each])));
    const query: Record<string, string[]> = {};
    for (const [name, value] of new URLSearchParams(said.toString())) (query[name] ??= []).push(value);
    expect(decode(INDICATOR, query)).toEqual(VIEW);
  });
});

describe("members that rows are cut to", () => {
  it("keep keys with commas and percent signs apart", () => {
    const cut = [{ dimension: "d", keys: ["1,2", "%2C", "三"] }];
    expect(cuts().read(cuts().write(cut))).toEqual(cut);
  });
  it("are not there without a dimension or without keys", () => {
    expect(cuts().read([":a", "d:", "d"])).toEqual([]);
  });
});
