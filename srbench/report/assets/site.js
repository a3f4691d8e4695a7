// Filters and sorting of a leaderboard site; without it every table stands there whole.
"use strict";

{
  const form = document.getElementById("filters");
  const boards = [...document.querySelectorAll("section.board")];

  // Sorting: a head sorts by its column, best first; what is missing stays below.
  const compare = (a, b) => (a === b ? 0 : a < b ? -1 : 1);

  function keyOf(row, column) {
    const text = row.children[column].dataset.value;
    if (column === 0) return text.toLowerCase();
    return text === "" ? null : Number(text);
  }

  function sort(head) {
    const table = head.closest("table");
    const column = [...head.parentElement.children].indexOf(head);
    const now = head.getAttribute("aria-sort");
    const first = head.dataset.best === "high" ? "descending" : "ascending";
    const wanted = now === first ? (first === "ascending" ? "descending" : "ascending") : first;
    const sign = wanted === "ascending" ? 1 : -1;
    const rows = [...table.tBodies[0].rows].map((row) => [keyOf(row, column), row]);
    rows.sort(([a], [b]) => (a === null || b === null ? (a === null) - (b === null) : sign * compare(a, b)));
    table.tBodies[0].append(...rows.map(([, row]) => row));
    for (const other of table.tHead.rows[0].cells) {
      other.removeAttribute("aria-sort");
      const arrow = other.querySelector(".arrow");
      if (arrow) arrow.textContent = "";
    }
    head.setAttribute("aria-sort", wanted);
    head.querySelector(".arrow").textContent = sign > 0 ? " ▴" : " ▾";
  }

  for (const head of document.querySelectorAll(".ranked th[data-best]")) {
    const button = document.createElement("button");
    button.type = "button";
    const arrow = document.createElement("span");
    arrow.className = "arrow";
    arrow.setAttribute("aria-hidden", "true");
    const small = head.querySelector("small");
    button.append(...head.childNodes);
    button.insertBefore(arrow, small);
    button.addEventListener("click", () => sort(head));
    head.append(button);
  }

  // Whether columns are out of sight, which a phone does not show by itself.
  function cue() {
    for (const box of document.querySelectorAll(".cue + .scroll")) {
      box.previousElementSibling.hidden = box.scrollLeft + box.clientWidth >= box.scrollWidth - 2;
    }
  }

  // Filters
  function show(chosen) {
    let tables = 0;
    for (const board of boards) {
      const columns = [...board.querySelectorAll("[data-metric]")];
      const rows = [...board.querySelectorAll("tbody tr")];
      for (const cell of columns) cell.hidden = Boolean(chosen.metric) && cell.dataset.metric !== chosen.metric;
      for (const row of rows) row.hidden = !row.cells[0].dataset.value.toLowerCase().includes(chosen.method.toLowerCase());
      const fits = ["dataset", "scale", "protocol"].every((name) => !chosen[name] || board.dataset[name] === chosen[name]);
      board.hidden = !fits || columns.every((cell) => cell.hidden) || rows.every((row) => row.hidden);
      document.querySelector(`[data-board="${board.id}"]`).hidden = board.hidden;
      tables += !board.hidden;
    }
    document.getElementById("count").textContent = `${tables} of ${boards.length} tables`;
    cue();
  }

  const chosen = () => Object.fromEntries(new FormData(form));

  // The choice stands in the address, so that it can be passed on.
  function keep() {
    const said = new URLSearchParams(Object.entries(chosen()).filter(([, value]) => value));
    try { history.replaceState(null, "", `#${said}`); } catch { /* a browser that keeps no history for files */ }
  }

  function fromAddress() {
    if (document.getElementById(decodeURIComponent(location.hash.slice(1)))) return; // a table's own address
    const said = new URLSearchParams(location.hash.slice(1));
    for (const field of form.elements) {
      if (!field.name) continue;
      field.value = said.get(field.name) || "";
      if (field.selectedIndex === -1) field.value = "";
    }
    show(chosen());
  }

  if (form) {
    form.addEventListener("input", () => { show(chosen()); keep(); });
    form.addEventListener("reset", () => setTimeout(() => { show(chosen()); keep(); }));
    form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", fromAddress);
    show(chosen());
    fromAddress();
  }
  for (const box of document.querySelectorAll(".cue + .scroll")) box.addEventListener("scroll", cue, { passive: true });
  addEventListener("resize", cue);
  cue();
}
