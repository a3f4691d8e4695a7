// The page: choice of board, leaderboard, lists, and who draws what when.
"use strict";

const page = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);

// Builds an element; texts are always text, so names need no escaping.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

const real = (value) => (value === "inf" ? Infinity : value === "-inf" ? -Infinity : value);

function show(value, metric) {
  value = real(value);
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  // As srbench/digits.py: Gram distances are too small for a fixed number of decimals.
  const small = value !== 0 && Math.abs(value) < metric.small;
  return small ? value.toPrecision(metric.digits) : value.toFixed(metric.digits);
}

const metricOf = (board, name) => board.metrics.find((metric) => metric.name === name);
// Metrics of whole sets have no value of an image.
const ofImages = (board) => board.metrics.filter((metric) => !metric.ofSet);
// Ten colours and four marks: forty methods that differ.
const colour = (method) => `var(--m${page.colours[method] % 10})`;
const markOf = (method) => Math.floor(page.colours[method] / 10) % 4;

function fill(select, options, chosen) {
  select.replaceChildren(...options.map(([value, text]) => make("option", { value, selected: value === chosen }, text)));
  if (chosen !== undefined) select.value = chosen;
}

// Leaderboard
let sorted = { metric: null, best: true };

function cellOf(board, method, metric) {
  const cell = board.cells[metric.name][method];
  const value = show(cell.value, metric);
  const reasons = cell.reasons.join("; ") || "not computed";
  if (cell.value === null) return make("td", {}, make("abbr", { class: "missing", title: reasons, tabindex: 0 }, "missing"));
  const td = make("td", { class: cell.best ? "best" : null }, cell.best ? make("b", {}, value) : value);
  if (cell.mark) td.append(" ", make("abbr", { class: "mark", title: `against the best: p = ${cell.p.toPrecision(2)}` }, cell.mark));
  if (cell.n < cell.expected) td.append(" ", make("abbr", { class: "partial", title: reasons, tabindex: 0 }, `${cell.n} of ${cell.expected}`));
  if (cell.interval && real(cell.value) !== Infinity) {
    td.append(make("small", {}, cell.interval.map((bound) => show(bound, metric)).join(" – ")));
  }
  return td;
}

function order(board) {
  const methods = [...board.methods];
  if (!sorted.metric) return methods;
  if (sorted.metric === "method") return methods.sort((a, b) => a.name.localeCompare(b.name) * (sorted.best ? 1 : -1));
  const metric = metricOf(board, sorted.metric);
  const sign = (metric.higher ? -1 : 1) * (sorted.best ? 1 : -1);
  return methods.sort((a, b) => {
    const [x, y] = [a, b].map((m) => real(board.cells[metric.name][m.name].value));
    if (x === null || y === null) return (x === null) - (y === null); // what is missing stays below
    return x === y ? 0 : (x < y ? -1 : 1) * sign;
  });
}

function drawBoard(board) {
  const origins = board.methods.some((method) => method.origin);
  const heads = [["method", "Method", ""], ...board.metrics.map((metric) =>
    [metric.name, metric.label, metric.higher ? "higher is better" : "lower is better"])];
  const head = make("tr", {}, ...heads.map(([name, text, direction]) => {
    const on = sorted.metric === name;
    const rising = name === "method" ? sorted.best : metricOf(board, name).higher !== sorted.best;
    const button = make("button", { type: "button", onclick: () => {
      sorted = { metric: name, best: on ? !sorted.best : true };
      drawBoard(board);
      $("board").querySelectorAll("thead button")[heads.findIndex(([other]) => other === name)].focus();
    } }, text, on ? make("span", { "aria-hidden": true }, rising ? " ▴" : " ▾") : "", make("small", {}, direction));
    return make("th", { scope: "col", "aria-sort": on ? (rising ? "ascending" : "descending") : null }, button);
  }), ...(origins ? [make("th", { scope: "col", class: "origin" }, "Origin", make("small", {}, "whose work it is"))] : []));
  const rows = order(board).map((method) => make("tr", { class: method.reference ? "reference" : null },
    make("th", { scope: "row", title: method.name }, make("div", {}, plots.swatch(method.name), make("span", { class: "name" }, method.name),
      ...(method.remark ? [make("abbr", { class: "mark", title: method.remark }, "†")] : []))),
    ...board.metrics.map((metric) => cellOf(board, method.name, metric)),
    ...(origins ? [make("td", { class: "origin" }, method.origin)] : [])));
  $("board").replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
  cue();
}

// Whether columns are out of sight, which a phone does not show by itself.
function cue() {
  const box = $("board-scroll");
  $("board-cue").hidden = box.scrollLeft + box.clientWidth >= box.scrollWidth - 2;
}

function drawTexts(board) {
  const count = board.images.length;
  const of = board.expected && board.expected !== count ? ` of ${board.expected}` : "";
  $("board-text").textContent = `${board.title} · ${count}${of} image${count === 1 ? "" : "s"} · protocol ${board.protocol}`;
  const remarks = new Map();
  for (const { name, remark } of board.methods.filter((method) => method.remark)) {
    remarks.set(remark, [...(remarks.get(remark) || []), name]);
  }
  const daggers = [...remarks].map(([remark, names]) => ` † ${names.join(", ")}: ${remark}.`).join("");
  $("board-key").textContent = `Coloured: the best value over all images. Below each value its 95% interval. ${board.legend.join(" ")}${daggers}${board.notes.map((note) => ` ${note}.`).join("")}`;
  $("gaps").hidden = board.gaps.length === 0;
  const cells = Object.values(board.cells).flatMap((by) => Object.values(by));
  $("gaps").querySelector("summary").textContent = `${cells.reduce((sum, cell) => sum + cell.expected - cell.n, 0)} scores are missing`;
  $("gaps").querySelector("ul").replaceChildren(...board.gaps.map((line) => make("li", {}, line)));
  $("provenance").replaceChildren(...board.provenance.map((line) => make("li", {}, line)));
}

function drawCorrelations(board) {
  const names = ofImages(board).map((metric) => metric.name);
  const head = make("tr", {}, make("td"), ...ofImages(board).map((metric) => make("th", { scope: "col" }, metric.title)));
  const rows = names.map((a) => make("tr", {}, make("th", { scope: "row" }, metricOf(board, a).title), ...names.map((b) => {
    const [rho, n] = board.correlations[a][b];
    const ground = rho === null ? "transparent" :
      `color-mix(in srgb, var(${rho < 0 ? "--against" : "--agree"}) ${Math.round(Math.abs(rho) * 100)}%, var(--card))`;
    return make("td", { style: `--heat:${ground}`, title: `${n} outputs` }, rho === null ? "–" : rho.toFixed(2).replace("-", "−"));
  })));
  $("corr").replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
}

// Mean opinion scores, and how the ratings are distributed
function drawPeople(board) {
  const { people } = board;
  $("people").hidden = !people;
  if (!people) return;
  const heads = ["Method", "MOS", "95% interval", "Ratings", "1", "2", "3", "4", "5"];
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col" }, text)));
  const rows = people.methods.map((one) => make("tr", {},
    make("th", { scope: "row" }, one.name),
    make("td", {}, make("b", {}, one.mean.toFixed(2))),
    make("td", {}, one.interval ? one.interval.map((bound) => bound.toFixed(2)).join(" – ") : "–"),
    make("td", { title: `${one.raters} raters, ${one.images} images` }, String(one.ratings)),
    ...one.shares.map((share) => make("td", {
      style: `--heat:color-mix(in srgb, var(--agree) ${Math.round(share * 100)}%, var(--card))`,
    }, `${(share * 100).toFixed(0)} %`))));
  $("opinions").replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
  $("people-lines").replaceChildren(...people.lines.map((line) => make("li", {}, line)));
}

// The mean of all methods on an image; null where none has a finite value.
function meanOf(board, metric, index) {
  const found = board.methods.filter((method) => !method.reference)
    .map((method) => real(board.values[metric.name][method.name][index])).filter((value) => Number.isFinite(value));
  return found.length ? found.reduce((sum, value) => sum + value, 0) / found.length : null;
}

// Images on which one method is furthest above and below the mean of all
function drawLists(board, metric, method) {
  const found = board.values[metric.name][method]
    .map((value, index) => ({ value: real(value), index, mean: meanOf(board, metric, index) }))
    .filter((entry) => entry.value !== null && entry.mean !== null)
    .map((entry) => ({ ...entry, gain: (entry.value - entry.mean) * (metric.higher ? 1 : -1) }))
    .sort((a, b) => (a.gain === b.gain ? a.index - b.index : a.gain < b.gain ? 1 : -1));
  const entry = ({ value, index, mean }) => {
    const thumb = board.pictures && board.pictures.thumbs[index];
    return make("li", {}, make("button", { type: "button", onclick: () => look(board, index, method) },
      ...(thumb ? [make("img", { src: pathOf(thumb), alt: "", loading: "lazy" })] : []),
      make("span", {}, board.images[index]), make("b", {}, show(value, metric)), make("small", {}, `(${show(mean, metric)})`)));
  };
  const count = Math.min(5, Math.floor(found.length / 2));
  $("best").replaceChildren(...found.slice(0, count).map(entry));
  $("worst").replaceChildren(...found.slice(found.length - count).reverse().map(entry));
}

const pathOf = (path) => path.split("/").map(encodeURIComponent).join("/");

function look(board, index, method) {
  if ($("look").hidden) return;
  viewer.open(board, index, method);
  $("look").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

function drawPlots(board) {
  const metrics = ofImages(board).map((metric) => [metric.name, metric.title]);
  const own = board.methods.filter((method) => !method.reference);
  const keep = (id, options, first) => {
    const before = $(id).value;
    fill($(id), options, options.some(([value]) => value === before) ? before : first);
  };
  const methods = (own.length ? own : board.methods).map((method) => [method.name, method.name]);
  keep("strip-metric", metrics, metrics[0][0]);
  keep("strip-method", methods, methods[0][0]);
  keep("rank-metric", metrics, metrics[0][0]);
  for (const axis of ["x", "y"]) fill($(`plane-${axis}`), board.axes[axis].map((name) => [name, metricOf(board, name).title]), board.axes[axis][0]);
  // Without a metric of perception there is no such plane.
  $("plane-section").hidden = !board.axes.x.length || !board.axes.y.length;
  redraw(board);
}

function redraw(board) {
  const strip = metricOf(board, $("strip-metric").value);
  plots.strip($("strip"), board, strip, (index, method) => look(board, index, method));
  drawLists(board, strip, $("strip-method").value);
  if (!$("plane-section").hidden) plots.plane($("plane"), board, metricOf(board, $("plane-x").value), metricOf(board, $("plane-y").value));
  plots.ranks($("ranks"), $("ranks-text"), board, metricOf(board, $("rank-metric").value));
}

let current = 0;

function choose(index, place = null) {
  current = index;
  sorted = { metric: null, best: true };
  const board = page.boards[index];
  [...$("tabs").children].forEach((tab, i) => tab.setAttribute("aria-pressed", i === index));
  drawTexts(board);
  drawBoard(board);
  drawCorrelations(board);
  drawPeople(board);
  drawPlots(board);
  viewer.open(board, 0, null, place);
  keepPlaceSoon();
}

// A link to what is shown: table, image, crop, methods. The address bar has it at every moment.
let keeping = 0;
let known = location.hash; // what the address said when it was last read or written here
function keepPlaceSoon() {
  clearTimeout(keeping);
  keeping = setTimeout(() => {
    if (location.hash === known) keepPlace(); // else somebody follows a link, which is about to be read
  }, 250); // browsers allow a few changes of the address a second
}

function keepPlace() {
  const said = new URLSearchParams({ table: current, ...viewer.address() });
  try { history.replaceState(null, "", `#${said}`); } catch { /* a browser that keeps no history for files */ }
  known = location.hash;
}

function fromAddress() {
  known = location.hash;
  const said = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const index = Number(said.table);
  choose(page.boards[index] ? index : 0, page.boards[index] ? said : null);
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // an older browser, or one that keeps the clipboard from files
    const area = make("textarea", { class: "sr", "aria-label": what });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  $("copied").textContent = `${what} copied`;
  if (what === "Link") $("link").textContent = "Link copied";
}

$("tabs").replaceChildren(...page.boards.map((board, index) => make("button", { type: "button", onclick: () => choose(index) },
  board.title, make("small", {}, board.protocol))));
for (const id of ["strip-metric", "strip-method", "plane-x", "plane-y", "rank-metric"]) {
  $(id).addEventListener("change", () => redraw(page.boards[current]));
}
let width = innerWidth;
$("board-scroll").addEventListener("scroll", cue, { passive: true });
$("copy-latex").addEventListener("click", () => copy(page.boards[current].latex, "LaTeX"));
$("copy-csv").addEventListener("click", () => copy(page.boards[current].csv, "CSV"));
$("link").addEventListener("click", () => { keepPlace(); copy(location.href, "Link"); });
addEventListener("hashchange", fromAddress);
addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; redraw(page.boards[current]); viewer.draw(); cue(); } });
fromAddress();
