// Light or dark: as the system has it, until the button is used; the choice is kept where the browser allows it.
"use strict";

{
  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
  }
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let kept = null;
  try { kept = localStorage.getItem("srbench-theme"); } catch { kept = null; }
  setTheme(kept || (system.matches ? "dark" : "light"));
  system.addEventListener("change", () => { if (!kept) setTheme(system.matches ? "dark" : "light"); });
  document.getElementById("theme").addEventListener("click", () => {
    kept = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    setTheme(kept);
    try { localStorage.setItem("srbench-theme", kept); } catch { /* the choice holds for this visit */ }
  });
}
