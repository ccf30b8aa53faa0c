// The Chinese of our own texts in two small font files: a page then needs four fonts instead of twenty slices of a whole one.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import subsetFont from "subset-font";
import type { Plugin, ResolvedConfig } from "vite";

const WEB = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const ROOT = resolve(WEB, "../..");
const MADE = join(WEB, "node_modules", ".core-fonts");
const WEIGHTS = [400, 600] as const;
const TEXTS: readonly (readonly [folder: string, name: RegExp])[] = [
  ["definitions", /\.(ya?ml|csv|json)$/],
  ["engine", /\.py$/],
  ["portal/api", /\.py$/],
  ["renderers", /\.py$/],
  ["connectors", /\.(py|csv)$/],
  ["portal/web/src", /\.(vue|ts)$/],
];
// Letters, digits, and the signs that numbers and prices are written with; rarer characters come from the slices.
const ALWAYS = "–—−×÷±≤≥≈→←↑↓↗↘·…‰℃㎡㎥¥「」『』（），。、；：？！％＋－" + "ƒ²³°µ" + String.fromCharCode(...Array.from({ length: 95 }, (_, n) => 32 + n));

/** All characters that our own texts are written with. */
function charactersInUse(): string {
  const found = new Set<string>(ALWAYS);
  for (const [folder, name] of TEXTS) {
    for (const file of filesBelow(join(ROOT, folder))) {
      if (!name.test(file)) continue;
      for (const character of readFileSync(file, "utf8")) if (character.charCodeAt(0) > 0x2000) found.add(character);
    }
  }
  return [...found].sort().join("");
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? (entry.name === "node_modules" ? [] : filesBelow(path)) : [path];
  });
}

/** `U+4E00-4E03, U+4E07`: so that a browser looks elsewhere for all other characters. */
export function unicodeRange(characters: string): string {
  const codes = [...new Set([...characters].map((character) => character.codePointAt(0) ?? 0))].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const code of codes) {
    const last = ranges.at(-1);
    if (last && last[1] === code - 1) last[1] = code;
    else ranges.push([code, code]);
  }
  const hex = (code: number): string => code.toString(16).toUpperCase();
  return ranges.map(([from, to]) => (from === to ? `U+${hex(from)}` : `U+${hex(from)}-${hex(to)}`)).join(",");
}

async function makeFonts(): Promise<void> {
  const characters = charactersInUse();
  const stamp = join(MADE, "characters.txt");
  mkdirSync(MADE, { recursive: true });
  try {
    if (readFileSync(stamp, "utf8") === characters) return;
  } catch {
    // not made yet
  }
  const whole = dirname(createRequire(import.meta.url).resolve("@fontsource/noto-sans-sc/package.json"));
  const faces: string[] = [];
  for (const weight of WEIGHTS) {
    const source = readFileSync(join(whole, "files", `noto-sans-sc-chinese-simplified-${weight}-normal.woff2`));
    writeFileSync(join(MADE, `core-${weight}.woff2`), await subsetFont(source, characters, { targetFormat: "woff2" }));
    faces.push(
      `@font-face{font-family:"City Sans";font-style:normal;font-weight:${weight === 400 ? "100 500" : "501 900"};font-display:swap;` +
        `src:url("./core-${weight}.woff2") format("woff2");unicode-range:${unicodeRange(characters)}}`,
    );
  }
  writeFileSync(join(MADE, "core.css"), faces.join("\n"));
  writeFileSync(stamp, characters);
}

/** Makes the fonts before a build and asks the browser to fetch them with the page. */
export function coreFonts(): Plugin {
  let config: ResolvedConfig;
  return {
    name: "core-fonts",
    configResolved(resolved) {
      config = resolved;
    },
    async buildStart() {
      if (!process.env["VITEST"]) await makeFonts();
    },
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle }) {
        const fonts = Object.keys(bundle ?? {}).filter((file) => /(core-(400|600)|latin-600).*\.woff2$/.test(file));
        return fonts.map((file) => ({
          tag: "link",
          attrs: { rel: "preload", as: "font", type: "font/woff2", crossorigin: "", href: config.base + file },
          injectTo: "head" as const,
        }));
      },
    },
  };
}
