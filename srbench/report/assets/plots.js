// The plots as SVG: strips of images, the perception-distortion plane, mean ranks.
"use strict";

const plots = (() => {
  const NS = "http://www.w3.org/2000/svg";
  function svg(tag, attributes = {}, text = null) {
    const element = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== null) element.textContent = text;
    return element;
  }

  function canvas(figure, width, height, label) {
    const drawn = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    figure.replaceChildren(drawn);
    return drawn;
  }

  // Round numbers that span [low, high] in about `count` steps.
  function ticks(low, high, count) {
    const raw = (high - low || 1) / count;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw);
    const found = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) found.push(+(k * step).toPrecision(12));
    return found;
  }

  // A circle, square, diamond or triangle around a point.
  function symbol(method, cx, cy, r) {
    const kind = markOf(method), d = r * 1.15;
    if (kind === 0) return svg("circle", { cx, cy, r });
    if (kind === 1) return svg("rect", { x: cx - r * 0.9, y: cy - r * 0.9, width: r * 1.8, height: r * 1.8 });
    const corners = kind === 2 ? [[0, -d], [d, 0], [0, d], [-d, 0]] : [[0, -d], [d, d * 0.8], [-d, d * 0.8]];
    return svg("polygon", { points: corners.map(([x, y]) => `${cx + x},${cy + y}`).join(" ") });
  }

  // The colour and mark of a method, as they stand in every plot.
  function swatch(method) {
    const drawn = svg("svg", { viewBox: "0 0 12 12", class: "swatch", "aria-hidden": "true" });
    const shape = symbol(method, 6, 6, 5);
    shape.style.fill = colour(method);
    drawn.append(shape);
    return drawn;
  }

  const measure = document.createElement("canvas").getContext("2d");
  function widthOfText(text) {
    measure.font = '12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';
    return measure.measureText(text).width;
  }

  const short = (text, size) => (text.length > size ? `${text.slice(0, size - 1)}…` : text);

  function extent(values) {
    const low = Math.min(...values), high = Math.max(...values);
    const room = (high - low || Math.abs(high) || 1) * 0.06;
    return [low - room, high + room];
  }

  const widthOf = (figure) => Math.max(280, figure.clientWidth || 600);

  // One row for each method, one dot for each image, a line at the mean or the root mean square.
  function strip(figure, board, metric, chosen) {
    const methods = board.methods.filter((method) => !method.reference);
    const rows = (methods.length ? methods : board.methods).map((method) => ({
      name: method.name,
      values: board.values[metric.name][method.name].map((value, index) => ({ value: real(value), index }))
        .filter((entry) => entry.value !== null && Number.isFinite(entry.value)),
    }));
    const all = rows.flatMap((row) => row.values.map((entry) => entry.value));
    if (!all.length) { figure.replaceChildren(make("p", { class: "small" }, `No image has a finite ${metric.title}.`)); return; }
    const width = widthOf(figure), step = 34, top = 8;
    // Names stand whole where they leave room for the dots.
    const left = Math.min(width * 0.35, 20 + Math.max(...rows.map((row) => widthOfText(row.name)))), letters = Math.floor((left - 20) / 6.2);
    const height = top + rows.length * step + 36;
    const [low, high] = extent(all);
    const x = (value) => left + ((value - low) / (high - low)) * (width - left - 10);
    const drawn = canvas(figure, width, height, `${metric.title} of every image by method`);
    for (const tick of ticks(low, high, width / 90)) {
      drawn.append(svg("line", { x1: x(tick), x2: x(tick), y1: top, y2: height - 34, class: "axis" }),
        svg("text", { x: x(tick), y: height - 18, "text-anchor": "middle", class: "soft" }, String(tick)));
    }
    drawn.append(svg("text", { x: width - 10, y: height - 2, "text-anchor": "end", class: "soft" }, `${metric.heading}; line: ${metric.aggregate}`));
    rows.forEach((row, place) => {
      const y = top + place * step + step / 2;
      const name = svg("text", { x: left - 10, y: y + 4, "text-anchor": "end" }, short(row.name, Math.max(8, letters)));
      name.append(svg("title", {}, row.name));
      drawn.append(name);
      for (const { value, index } of row.values) {
        // Dots of a row are spread by their index, the same way in every row.
        const dot = svg("circle", { cx: x(value), cy: y + (((index * 7) % 11) - 5) * 1.5, r: 4, class: "dot" });
        dot.style.fill = colour(row.name);
        dot.dataset.image = index;
        dot.append(svg("title", {}, `${board.images[index]}: ${show(value, metric)} (${row.name})`));
        dot.addEventListener("click", () => chosen(index, row.name));
        dot.addEventListener("mouseenter", () => mark(drawn, index, true));
        dot.addEventListener("mouseleave", () => mark(drawn, index, false));
        drawn.append(dot);
      }
      if (row.values.length) {
        const middle = x(aggregate(row.values.map((entry) => entry.value), metric));
        drawn.append(svg("line", { x1: middle, x2: middle, y1: y - 13, y2: y + 13, class: "mean" }));
      }
    });
  }

  function aggregate(values, metric) {
    const squared = metric.aggregate === "root mean square";
    const mean = values.reduce((sum, value) => sum + (squared ? value * value : value), 0) / values.length;
    return squared ? Math.sqrt(mean) : mean;
  }

  function mark(drawn, index, on) {
    for (const dot of drawn.querySelectorAll(`[data-image="${index}"]`)) dot.classList.toggle("on", on);
  }

  // Distortion to the right, perception upwards as the metrics count; an arrow says which corner is better.
  function plane(figure, board, first, second) {
    const every = board.methods.map((method) => ({
      name: method.name,
      reference: method.reference,
      x: real(board.cells[first.name][method.name].value),
      y: real(board.cells[second.name][method.name].value),
    }));
    const points = every.filter((point) => !point.reference && Number.isFinite(point.x) && Number.isFinite(point.y) && point.x !== null && point.y !== null);
    // The reference has no distortion: what it scores in perception is a level, not a point.
    const levels = every.filter((point) => point.reference && point.y !== null && Number.isFinite(point.y));
    if (!points.length) { figure.replaceChildren(make("p", { class: "small" }, "No method has both values.")); return; }
    const width = Math.min(widthOf(figure), 560), height = 380, left = 52, bottom = 44, top = 22;
    // Where the regions of the PIRM 2018 challenge end; none under another protocol.
    const regions = first.name === "rmse_y" ? board.regions : [];
    let [lowX, highX] = extent(points.map((point) => point.x));
    if (regions.length) highX = Math.max(highX, 16.8);
    const [lowY, highY] = extent([...points, ...levels].map((point) => point.y));
    const x = (value) => left + ((value - lowX) / (highX - lowX)) * (width - left - 14);
    const y = (value) => height - bottom - ((value - lowY) / (highY - lowY)) * (height - bottom - top);
    const drawn = canvas(figure, width, height, `${second.title} against ${first.title}, one point for each method`);
    let start = Math.max(lowX, 0);
    const areas = [];
    regions.forEach((bound, index) => {
      if (bound < lowX) return;
      const end = x(bound);
      drawn.append(svg("rect", { x: x(start), y: top, width: Math.max(0, end - x(start)), height: height - bottom - top, style: "fill:var(--region)" }),
        svg("line", { x1: end, x2: end, y1: top, y2: height - bottom, class: "bound" }),
        svg("text", { transform: `translate(${end - 5},${height - bottom - 8}) rotate(-90)`, class: "soft" }, `PIRM region ${index + 1}`));
      areas.push([end - 18, height - bottom - 100, end, height - bottom]);
      start = bound;
    });
    for (const tick of ticks(lowX, highX, width / 90)) {
      drawn.append(svg("text", { x: x(tick), y: height - bottom + 17, "text-anchor": "middle", class: "soft" }, String(tick)));
    }
    for (const tick of ticks(lowY, highY, 6)) {
      drawn.append(svg("line", { x1: left, x2: width - 14, y1: y(tick), y2: y(tick), class: "axis" }),
        svg("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end", class: "soft" }, String(tick)));
    }
    drawn.append(svg("line", { x1: left, x2: width - 14, y1: height - bottom, y2: height - bottom, class: "axis" }),
      svg("text", { x: width - 14, y: height - 6, "text-anchor": "end", class: "soft" }, `${first.heading} (better ${first.higher ? "→" : "←"})`),
      svg("text", { x: 2, y: 12, class: "soft" }, `${second.heading} (better ${second.higher ? "above" : "below"})`));
    for (const level of levels) {
      drawn.append(svg("line", { x1: left, x2: width - 14, y1: y(level.y), y2: y(level.y), class: "bound" }),
        svg("text", { x: width - 16, y: y(level.y) - 5, "text-anchor": "end", class: "soft" }, level.name));
      areas.push([width - 20 - widthOfText(level.name), y(level.y) - 18, width, y(level.y) + 2]);
    }
    const taken = points.map((point) => [x(point.x) - 8, y(point.y) - 8, x(point.x) + 8, y(point.y) + 8]);
    const ground = [left, top, width, height - bottom];
    for (const point of points) {
      const dot = symbol(point.name, x(point.x), y(point.y), 6.5);
      dot.style.fill = colour(point.name);
      dot.style.stroke = colour(point.name);
      dot.style.strokeWidth = 2;
      dot.append(svg("title", {}, `${point.name}: ${show(point.x, first)}, ${show(point.y, second)}`));
      drawn.append(...label(x(point.x), y(point.y), point.name, taken, areas, ground), dot);
    }
  }

  const apart = (a, b) => a[2] < b[0] || a[0] > b[2] || a[3] < b[1] || a[1] > b[3];

  // A name at the nearest free place around its point; a line leads to it where it is not beside the point.
  function label(cx, cy, name, taken, areas, ground) {
    const text = short(name, 24), wide = widthOfText(text);
    const places = [];
    for (let far = 12; far <= 110; far += 14) {
      for (let turn = 0; turn < 16; turn += 1) {
        const angle = (turn * Math.PI) / 8, px = cx + far * Math.cos(angle), py = cy + far * Math.sin(angle);
        const start = Math.cos(angle) > 0.3 ? px : Math.cos(angle) < -0.3 ? px - wide : px - wide / 2;
        places.push({ far, px, py, box: [start, py - 7, start + wide, py + 7] });
      }
    }
    const inside = ({ box }) => box[0] >= ground[0] && box[2] <= ground[2] && box[1] >= ground[1] && box[3] <= ground[3];
    const free = (others) => places.find((place) => inside(place) && others.every((other) => apart(place.box, other)));
    // Better over the name of a region than over a point, and better over a point than cut off.
    const best = free([...taken, ...areas]) || free(taken) || places.find(inside) || places[0];
    taken.push(best.box);
    const words = svg("text", { x: best.box[0], y: best.py + 4 }, text);
    words.append(svg("title", {}, name));
    if (best.far <= 12) return [words];
    const line = svg("line", { x1: cx, y1: cy, x2: best.px, y2: best.py, "stroke-width": 1 });
    line.style.stroke = colour(name);
    return [line, words];
  }

  // Demšar's diagram: methods on an axis of mean ranks; a bar has a dot for each of the methods it does not tell apart.
  function ranks(figure, text, board, metric) {
    const test = board.ranks[metric.name];
    text.hidden = !test;
    if (!test) {
      figure.replaceChildren(make("p", { class: "small" }, "Ranks need three methods that share three images."));
      return;
    }
    const words = test.ranks.map(([name, rank]) => `${name} ${rank.toFixed(2)}`);
    const longest = Math.ceil(Math.max(...words.map(widthOfText))) + 18;
    // Names stand whole: on both sides where there is room, else all on the right.
    const width = Math.max(Math.min(widthOf(figure), 640), longest + 130), both = 2 * longest + 150 <= width;
    const half = both ? Math.ceil(test.ranks.length / 2) : 0;
    const rightMargin = longest, leftMargin = both ? longest : 14, axis = 60, step = 24;
    const below = axis + 18 + test.groups.length * 9;
    const height = below + Math.max(half, test.ranks.length - half) * step + 10;
    const x = (rank) => leftMargin + ((rank - 1) / (test.ranks.length - 1)) * (width - leftMargin - rightMargin);
    const drawn = canvas(figure, width, height, `Mean ranks of ${test.ranks.length} methods by ${metric.title}: `
      + test.ranks.map(([name, rank]) => `${name} ${rank.toFixed(2)}`).join(", "));
    drawn.append(svg("line", { x1: x(1), x2: x(test.ranks.length), y1: axis, y2: axis, style: "stroke:var(--fg)" }));
    const every = Math.ceil(24 / (x(2) - x(1)));  // numbers that do not touch
    for (let rank = 1; rank <= test.ranks.length; rank += 1) {
      drawn.append(svg("line", { x1: x(rank), x2: x(rank), y1: axis - 6, y2: axis, style: "stroke:var(--fg)" }));
      if ((rank - 1) % every) { continue; }
      drawn.append(svg("text", { x: x(rank), y: axis - 11, "text-anchor": "middle", class: "soft" }, String(rank)));
    }
    if (test.difference !== null) {
      drawn.append(svg("line", { x1: x(1), x2: x(1 + test.difference), y1: 22, y2: 22, class: "mean" }),
        svg("text", { x: x(1), y: 14 }, `critical difference ${test.difference.toFixed(2)}`));
    }
    const rankOf = Object.fromEntries(test.ranks);
    test.groups.forEach((group, index) => {
      const at = group.map((name) => x(rankOf[name]));
      const y = axis + 12 + index * 9;
      drawn.append(svg("line", { x1: Math.min(...at), x2: Math.max(...at), y1: y, y2: y, class: "group" }),
        ...at.map((cx) => svg("circle", { cx, cy: y, r: 3.5, class: "joined" })));
    });
    test.ranks.forEach(([name, rank], index) => {
      const onLeft = index < half;
      const row = onLeft ? index : test.ranks.length - 1 - index;
      const y = below + 8 + row * step;
      const end = onLeft ? leftMargin - 10 : width - rightMargin + 10;
      const line = svg("polyline", { points: `${x(rank)},${axis} ${x(rank)},${y} ${end},${y}`, fill: "none" });
      line.style.stroke = colour(name);
      line.style.strokeWidth = 1.6;
      const said = svg("text", { x: onLeft ? end - 5 : end + 5, y: y + 4, "text-anchor": onLeft ? "end" : "start" }, words[index]);
      drawn.append(line, said);
    });
    text.textContent = `${test.text}. Bars join the methods with a dot on them, of which no two are told apart.`;
  }

  return { strip, plane, ranks, swatch };
})();
