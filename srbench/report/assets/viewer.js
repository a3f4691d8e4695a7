// The image browser: one picture in many versions, moved and zoomed together.
"use strict";

const viewer = (() => {
  const REFERENCE = "reference";
  // The centre is in parts of the picture, so that it means the same in panes of any size.
  const view = { board: null, index: 0, mode: "slide", left: null, right: null, chosen: new Set(), zoom: 1, x: 0.5, y: 0.5, split: 50 };
  const panes = [];
  const MAX = 32;
  const id = (name) => document.getElementById(name);

  const hasPictures = () => Boolean(view.board && view.board.pictures && Object.keys(view.board.pictures.methods).length);

  function open(board, index, method, place = null) {
    const fresh = board !== view.board;
    view.board = board;
    view.index = index;
    id("look").hidden = !hasPictures();
    if (!hasPictures()) return;
    if (fresh) start();
    if (method && method !== view.left) view.right = method;
    view.zoom = 1; view.x = 0.5; view.y = 0.5;
    if (place) restore(place);
    fillChoices();
    rebuild();
  }

  // What is shown, for a link: only names and numbers that `restore` checks.
  function address() {
    if (!hasPictures()) return {};
    return {
      image: view.board.images[view.index], view: view.mode, zoom: +view.zoom.toFixed(2), x: +view.x.toFixed(4), y: +view.y.toFixed(4),
      left: view.left, right: view.right, methods: JSON.stringify([...view.chosen]),
    };
  }

  function restore(said) {
    const index = view.board.images.indexOf(said.image), known = names();
    if (index >= 0) view.index = index;
    if (said.view === "grid" || said.view === "slide") view.mode = said.view;
    for (const side of ["left", "right"]) if (known.includes(said[side])) view[side] = said[side];
    try {
      const chosen = JSON.parse(said.methods).filter((name) => known.includes(name));
      if (chosen.length) view.chosen = new Set(chosen);
    } catch { /* an address that was cut */ }
    const within = (text, low, high, other) => (text !== undefined && text >= low && text <= high ? Number(text) : other);
    view.zoom = within(said.zoom, 1, MAX, 1);
    view.x = within(said.x, 0, 1, 0.5);
    view.y = within(said.y, 0, 1, 0.5);
  }

  const names = () => Object.keys(view.board.pictures.methods);
  const isReference = (name) => name === REFERENCE || view.board.methods.some((m) => m.name === name && m.reference);
  const title = (name) => (isReference(name) && name !== REFERENCE ? `${name} (reference)` : name);

  function start() {
    const all = names(), reference = all.find(isReference);
    const own = all.filter((name) => !isReference(name));
    view.left = own.includes("bicubic") ? "bicubic" : own[own.length - 1] || reference;
    view.right = reference || own[0];
    view.chosen = new Set([...own.slice(0, 5), ...(reference ? [reference] : [])]);
    id("look-note").textContent = view.board.pictures.note;
    id("thumbs").replaceChildren(...view.board.images.map((image, index) => make("button",
      { type: "button", title: image, "aria-label": image, onclick: () => go(index) },
      ...(view.board.pictures.thumbs[index] ? [make("img", { src: pathOf(view.board.pictures.thumbs[index]), alt: "", loading: "lazy" })] : [image]))));
    id("thumbs").hidden = view.board.images.length < 2;
  }

  function fillChoices() {
    fill(id("image"), view.board.images.map((image, index) => [String(index), image]), String(view.index));
    for (const side of ["left", "right"]) fill(id(side), names().map((name) => [name, title(name)]), view[side]);
    id("chosen").replaceChildren(id("chosen").firstElementChild, ...names().map((name) => {
      const box = make("input", { type: "checkbox" });
      box.checked = view.chosen.has(name);
      box.addEventListener("change", () => { view.chosen[box.checked ? "add" : "delete"](name); rebuild(); });
      return make("label", {}, box, title(name));
    }));
  }

  function go(index) {
    const count = view.board.images.length;
    view.index = (index + count) % count;
    id("image").value = String(view.index);
    rebuild();
  }

  const source = (name) => (view.board.pictures.methods[name] || [])[view.index];

  function picture(name) {
    const path = source(name);
    if (!path) return make("div", { class: "none" }, `no picture of ${name}`);
    const image = make("img", { src: pathOf(path), alt: `${view.board.images[view.index]}, ${name}`, draggable: "false", decoding: "async" });
    image.addEventListener("load", draw);
    return image;
  }

  function scores(name) {
    if (isReference(name) && !view.board.methods.some((method) => method.name === name)) return []; // has no scores
    return ofImages(view.board).map((metric) => {
      const values = view.board.values[metric.name][name];
      const value = values ? real(values[view.index]) : null;
      const others = view.board.methods.filter((m) => !m.reference).map((m) => real(view.board.values[metric.name][m.name][view.index])).filter((v) => v !== null);
      const best = value !== null && !isReference(name) && others.length > 1 && value === (metric.higher ? Math.max(...others) : Math.min(...others));
      const text = `${metric.title} ${show(value === Infinity ? "inf" : value, metric)}`;
      return make("span", { class: best ? "good" : null }, text);
    });
  }

  const joined = (parts) => parts.flatMap((part, index) => (index ? [" · ", part] : [part]));

  // Makes the panes of the current picture anew; `draw` places them.
  function rebuild() {
    [...id("thumbs").children].forEach((thumb, index) => thumb.setAttribute("aria-pressed", index === view.index));
    const current = id("thumbs").children[view.index];
    if (current) id("thumbs").scrollLeft = current.offsetLeft - id("thumbs").clientWidth / 2 - id("thumbs").offsetLeft;
    id("mode-slide").setAttribute("aria-pressed", view.mode === "slide");
    id("mode-grid").setAttribute("aria-pressed", view.mode === "grid");
    id("slide").hidden = view.mode !== "slide";
    id("grid").hidden = view.mode !== "grid";
    panes.length = 0;
    (view.mode === "slide" ? buildSlide : buildGrid)();
    draw();
  }

  function buildSlide() {
    const stage = id("stage"), over = make("div", { class: "over" }, picture(view.right));
    const divide = make("div", { class: "divide" });
    stage.replaceChildren(picture(view.left), over, make("span", { class: "tag l" }, title(view.left)),
      make("span", { class: "tag r" }, title(view.right)), divide);
    panes.push({ element: stage, images: [...stage.querySelectorAll("img")], over, divide });
    id("slide-scores").replaceChildren(...[view.left, view.right].map((name) => make("span", {}, ...joined(scores(name)))));
  }

  function buildGrid() {
    const all = names(), whole = all.find(isReference) || all[0];
    const box = make("div", { class: "box" });
    const overview = make("div", { class: "pane", tabindex: 0, role: "group", "aria-label": "The whole picture; the box shows the crop" }, picture(whole), box);
    const figures = [make("figure", {}, overview, make("figcaption", {}, make("b", {}, view.board.images[view.index]), `whole picture, ${title(whole)}`))];
    listen(overview, true);
    panes.push({ element: overview, images: [...overview.querySelectorAll("img")], box });
    for (const name of all.filter((n) => view.chosen.has(n))) {
      const pane = make("div", { class: "pane", tabindex: 0, role: "group", "aria-label": `Crop of ${name}` }, picture(name));
      listen(pane, false);
      panes.push({ element: pane, images: [...pane.querySelectorAll("img")] });
      figures.push(make("figure", {}, pane, make("figcaption", {}, make("b", { title: name }, title(name)), ...joined(scores(name)))));
    }
    id("panes").replaceChildren(...figures);
  }

  const sizeOf = (image) => [image.naturalWidth, image.naturalHeight];
  const fitting = (pane, width, height) => Math.min(pane.element.clientWidth / width, pane.element.clientHeight / height);

  function place(pane, image, zoom, x, y) {
    const [width, height] = sizeOf(image);
    if (!width) return null;
    const scale = fitting(pane, width, height) * zoom;
    const left = pane.element.clientWidth / 2 - x * width * scale, top = pane.element.clientHeight / 2 - y * height * scale;
    image.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    image.classList.toggle("sharp", scale > 1.5);
    return { left, top, width: width * scale, height: height * scale };
  }

  function draw() {
    if (!hasPictures()) return;
    keepPlaceSoon();
    id("zoom").textContent = `${+view.zoom.toFixed(1)}×`;
    for (const pane of panes) {
      if (pane.box) {
        const shown = pane.images[0] && place(pane, pane.images[0], 1, 0.5, 0.5);
        const crop = panes[1];
        if (!shown || !crop || !crop.images[0] || !crop.images[0].naturalWidth) { pane.box.hidden = true; continue; }
        const [width, height] = sizeOf(crop.images[0]);
        const scale = fitting(crop, width, height) * view.zoom;
        const part = [Math.min(1, crop.element.clientWidth / scale / width), Math.min(1, crop.element.clientHeight / scale / height)];
        pane.box.hidden = view.zoom <= 1;
        Object.assign(pane.box.style, {
          left: `${shown.left + (view.x - part[0] / 2) * shown.width}px`, top: `${shown.top + (view.y - part[1] / 2) * shown.height}px`,
          width: `${part[0] * shown.width}px`, height: `${part[1] * shown.height}px`,
        });
      } else {
        for (const image of pane.images) place(pane, image, view.zoom, view.x, view.y);
      }
      if (pane.over) {
        pane.over.style.clipPath = `inset(0 0 0 ${view.split}%)`;
        pane.divide.style.left = `${view.split}%`;
      }
    }
  }

  // Keeps the picture in the pane: no empty room where there is picture to show.
  function clamp(pane) {
    const image = pane.images[0];
    if (!image || !image.naturalWidth) return;
    const [width, height] = sizeOf(image), scale = fitting(pane, width, height) * view.zoom;
    for (const [axis, size, room] of [["x", width, pane.element.clientWidth], ["y", height, pane.element.clientHeight]]) {
      const half = Math.min(0.5, room / scale / size / 2);
      view[axis] = Math.min(1 - half, Math.max(half, view[axis]));
    }
  }

  const target = () => panes[panes.length - 1];

  function zoomTo(zoom, pane = null, px = 0, py = 0) {
    const before = view.zoom;
    view.zoom = Math.min(MAX, Math.max(1, zoom));
    const image = pane && pane.images[0];
    if (image && image.naturalWidth) {
      // The point under the pointer stays where it is.
      const [width, height] = sizeOf(image), base = fitting(pane, width, height);
      const dx = px - pane.element.clientWidth / 2, dy = py - pane.element.clientHeight / 2;
      view.x += (dx / base / width) * (1 / before - 1 / view.zoom);
      view.y += (dy / base / height) * (1 / before - 1 / view.zoom);
    }
    if (target()) clamp(target());
    draw();
  }

  function pan(dx, dy, pane) {
    const image = pane.images[0];
    if (!image || !image.naturalWidth) return;
    const [width, height] = sizeOf(image), scale = fitting(pane, width, height) * (pane.box ? 1 : view.zoom);
    const sign = pane.box ? -1 : 1; // in the whole picture the box is dragged, elsewhere the picture
    view.x -= (sign * dx) / scale / width;
    view.y -= (sign * dy) / scale / height;
    clamp(target());
    draw();
  }

  function listen(element, isOverview) {
    const pointers = new Map();
    let split = false;
    const paneOf = () => panes.find((pane) => pane.element === element);
    element.addEventListener("pointerdown", (event) => {
      split = event.target.classList.contains("divide");
      pointers.set(event.pointerId, event);
      try { element.setPointerCapture(event.pointerId); } catch { /* a pointer that is gone already */ }
      if (isOverview) jump(event, paneOf());
    });
    element.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return;
      const others = [...pointers.values()].filter((pointer) => pointer.pointerId !== event.pointerId);
      if (split) setSplit(((event.clientX - element.getBoundingClientRect().left) / element.clientWidth) * 100);
      else if (others.length) {
        const distance = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1;
        zoomTo((view.zoom * distance(event, others[0])) / distance(before, others[0]));
      } else pan(event.clientX - before.clientX, event.clientY - before.clientY, paneOf());
      pointers.set(event.pointerId, event);
    });
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, (event) => pointers.delete(event.pointerId));
    element.addEventListener("wheel", (event) => {
      // Without the pinch or a modifier the page scrolls, unless the picture is enlarged already.
      if (!event.ctrlKey && !event.shiftKey && view.zoom === 1 && event.deltaY > 0) return;
      event.preventDefault();
      const place = element.getBoundingClientRect(), pane = paneOf();
      zoomTo(view.zoom * Math.exp(-event.deltaY / 400), pane.box ? null : pane, event.clientX - place.left, event.clientY - place.top);
    }, { passive: false });
    element.addEventListener("dblclick", () => zoomTo(view.zoom > 1 ? 1 : 4));
    element.addEventListener("keydown", keys);
  }

  function jump(event, pane) {
    const image = pane.images[0];
    if (!image || !image.naturalWidth || view.zoom <= 1) return;
    const [width, height] = sizeOf(image), scale = fitting(pane, width, height), place = pane.element.getBoundingClientRect();
    view.x = 0.5 + (event.clientX - place.left - place.width / 2) / scale / width;
    view.y = 0.5 + (event.clientY - place.top - place.height / 2) / scale / height;
    clamp(target());
    draw();
  }

  function setSplit(percent) {
    view.split = Math.min(100, Math.max(0, percent));
    id("split").value = view.split;
    draw();
  }

  function keys(event) {
    const moves = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
    if (moves[event.key]) pan(...moves[event.key], target());
    else if (event.key === "+" || event.key === "=") zoomTo(view.zoom * 1.5);
    else if (event.key === "-") zoomTo(view.zoom / 1.5);
    else if (event.key === "0") zoomTo(1);
    else if (event.key === "[") setSplit(view.split - 5);
    else if (event.key === "]") setSplit(view.split + 5);
    else if (event.key === "n") go(view.index + 1);
    else if (event.key === "p") go(view.index - 1);
    else return;
    event.preventDefault();
  }

  function mode(name) {
    view.mode = name;
    if (name === "grid" && view.zoom === 1) { view.zoom = 3; view.x = 0.5; view.y = 0.5; }
    rebuild();
  }

  listen(id("stage"), false);
  id("previous").addEventListener("click", () => go(view.index - 1));
  id("next").addEventListener("click", () => go(view.index + 1));
  id("image").addEventListener("change", (event) => go(Number(event.target.value)));
  for (const side of ["left", "right"]) id(side).addEventListener("change", (event) => { view[side] = event.target.value; rebuild(); });
  id("mode-slide").addEventListener("click", () => mode("slide"));
  id("mode-grid").addEventListener("click", () => mode("grid"));
  id("in").addEventListener("click", () => zoomTo(view.zoom * 1.5));
  id("out").addEventListener("click", () => zoomTo(view.zoom / 1.5));
  id("fit").addEventListener("click", () => zoomTo(1));
  id("split").addEventListener("input", (event) => setSplit(Number(event.target.value)));
  return { open, draw, address };
})();
