// Dark for the hall, light for the desk: what the reader chose, else what the system says; charts are told when it changes.
import { readonly, ref } from "vue";

export type Theme = "dark" | "light";
const root = typeof document === "undefined" ? null : document.documentElement;

function current(): Theme {
  const said = root?.dataset["theme"];
  if (said === "dark" || said === "light") return said;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

const chosen = ref<Theme>(root ? current() : "dark");
export const theme = readonly(chosen);

export function switchTheme(): void {
  if (!root) return;
  root.dataset["theme"] = chosen.value === "dark" ? "light" : "dark";
  chosen.value = current();
  try {
    localStorage.setItem("theme", chosen.value);
  } catch {
    // a private window forgets, and that is fine
  }
}

if (root) matchMedia("(prefers-color-scheme: light)").addEventListener("change", () => (chosen.value = current()));

/** A token's value as the page has it now. */
export function token(name: string): string {
  return root ? getComputedStyle(root).getPropertyValue(`--${name}`).trim() : "";
}
