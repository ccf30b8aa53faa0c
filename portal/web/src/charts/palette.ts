// The theme's tokens as charts need them: plain colours, read again when the theme changes.
import { theme, token } from "../theme/theme";

export interface Palette {
  text: string;
  muted: string;
  line: string;
  faint: string;
  panel: string;
  raised: string;
  accent: string;
  second: string;
  tint: string;
  rise: string;
  fall: string;
  stale: string;
  levels: Record<"red" | "orange" | "yellow" | "blue", string>;
  series: string[];
}

/** The colours of the page as it is now. */
export function palette(): Palette {
  void theme.value; // a computed option that reads the palette is made anew when the theme changes
  return {
    text: token("text"), muted: token("muted"), line: token("line"), faint: token("faint"), panel: token("panel"), raised: token("raised"),
    accent: token("accent"), second: token("second"), tint: token("tint"), rise: token("rise"), fall: token("fall"), stale: token("stale"),
    levels: { red: token("red"), orange: token("orange"), yellow: token("yellow"), blue: token("blue") },
    series: Array.from({ length: 8 }, (_, n) => token(`s${n + 1}`)),
  };
}

export const SANS = '"City Sans", "Noto Sans SC", "Microsoft YaHei", "Noto Sans SC Variable", sans-serif';
export const DIGITS = '"Barlow Semi Condensed", "City Sans", sans-serif';
