// What floats beside the pointer, as an element: markup with inline styles would break the content security policy.

export interface TipRow {
  name: string;
  value: string;
  color?: string;
  dashed?: boolean;
}

/** A title and a row for each value. */
export function tip(title: string, rows: readonly TipRow[], note = ""): HTMLElement {
  const box = document.createElement("div");
  box.className = "tip";
  box.append(line("b", "tip-title", title));
  for (const row of rows) {
    const element = line("div", "tip-row", "");
    const mark = line("i", row.dashed ? "dashed" : "", "");
    if (row.color) mark.style.color = row.color;
    element.append(mark, line("span", "", row.name), line("b", "digits", row.value));
    box.append(element);
  }
  if (note) box.append(line("div", "tip-note", note));
  return box;
}

function line(tag: string, name: string, text: string): HTMLElement {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}
