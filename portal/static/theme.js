// Remembers whether this reader wants the dark or the light page; without this file the page follows the system.
(() => {
  const root = document.documentElement;
  const remembered = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : !matchMedia("(prefers-color-scheme: light)").matches;
  if (remembered()) root.dataset.theme = remembered();
  addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-switch]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a private window forgets, and that is fine */ }
    });
    document.querySelectorAll("select[data-submits]").forEach((select) => select.addEventListener("change", () => select.form.requestSubmit()));
  });
})();
