/* The page of a rater. `backend` (served.js or packed.js) keeps the answers; this shows trials and takes them.
   No trial appears before the answer to the one before it is kept. */
"use strict";

(() => {
  const element = (id) => document.getElementById(id);
  const stage = element("stage");
  const CAPTION = 28;
  const GAP = 16;
  let texts = null;
  let current = null; // the trial that is shown, with its figures
  let busy = true; // an answer is on its way, or nothing is shown
  let shownAt = 0;
  let order = []; // of a ranking: the places chosen so far
  let lastBlock = null;

  function made(tag, properties = {}, ...children) {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  }

  function button(label, detail, act) {
    const node = made("button", { type: "button" }, made("b", { textContent: label }));
    if (detail) node.append(made("small", { textContent: detail }));
    node.addEventListener("click", act);
    return node;
  }

  /* Text pages. */

  function showText(heading, paragraphs, label, act) {
    current = null;
    busy = true;
    stage.hidden = true;
    element("answers").hidden = true;
    const main = element("text");
    main.replaceChildren(made("h2", { textContent: heading }));
    for (const text of paragraphs) if (text) main.append(made("p", { textContent: text }));
    if (label) {
      const go = button(label, "", () => {
        go.disabled = true;
        act();
      });
      go.id = "go";
      main.append(go);
      main.hidden = false;
      go.focus();
    } else {
      main.hidden = false;
      main.focus();
    }
    return main;
  }

  function welcome(state) {
    const contact = texts.contact ? `Questions: ${texts.contact}` : "";
    const size = state.total ? `The study has ${state.total} trials. ` : "";
    const stop = `${size}You can stop at any time and go on later ${backend.resume}.`;
    const main = showText(texts.title, [texts.instructions, stop, texts.consent, contact], "I agree: start", async () =>
      show(await kept(() => backend.consent()))
    );
    for (const extra of backend.extras ? backend.extras(made, button, show) : []) main.append(extra);
  }

  function done() {
    const main = showText("Thank you!", ["All your answers are kept.", backend.farewell || ""]);
    for (const extra of backend.ending ? backend.ending(made, button) : []) main.append(extra);
  }

  function pause(block, act) {
    const [heading, text] =
      block === 1
        ? ["The examples are over", "Now the study begins."]
        : ["Time for a break", "Rest your eyes for a moment. Your answers so far are kept."];
    showText(heading, [text], "Go on", act);
  }

  /* Trials. */

  async function show(state) {
    element("progress").hidden = state.phase === "welcome";
    element("progress").max = state.total || 1;
    element("progress").value = state.answered;
    element("count").textContent = state.phase === "trials" ? `${state.answered + 1} of ${state.total}` : "";
    if (state.phase === "welcome") return welcome(state);
    if (state.phase === "done") return done();
    const { trial } = state;
    const changed = lastBlock !== null && trial.block !== lastBlock;
    lastBlock = trial.block;
    if (changed) return pause(trial.block, () => showTrial(trial, state.next));
    return showTrial(trial, state.next);
  }

  async function showTrial(trial, next) {
    busy = true;
    order = [];
    element("text").hidden = true;
    stage.hidden = false;
    const names = trial.reference ? [trial.reference, ...trial.images] : trial.images;
    const pictures = await Promise.all(names.map((name) => kept(() => decoded(name))));
    const figures = pictures.map((picture, index) => {
      const place = trial.reference ? index - 1 : index;
      const canvas = made("canvas");
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", place < 0 ? "the original" : `version ${place + 1}`);
      const figure = made("figure", {}, made("figcaption"), canvas);
      if (place >= 0 && texts.design !== "mos") {
        figure.classList.add("choice");
        figure.addEventListener("click", () => choose(place));
      }
      return { figure, canvas, picture, place };
    });
    stage.replaceChildren(...figures.map((one) => one.figure));
    current = { trial, figures };
    stage.scrollTo(0, 0);
    answers();
    arrange();
    warn();
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        shownAt = performance.now();
        busy = false;
        stage.dataset.ready = String(trial.position);
      })
    );
    // Fetched now, shown after the answer: the next trial does not wait for the network.
    if (next) for (const name of [next.reference, ...next.images]) if (name) loaded(name).catch(() => {});
  }

  const fetched = new Map();

  function loaded(name) {
    if (!fetched.has(name)) {
      const address = backend.picture(name);
      address.catch(() => fetched.delete(name));
      fetched.set(name, address);
    }
    return fetched.get(name);
  }

  async function decoded(name) {
    const picture = new Image();
    picture.src = await loaded(name);
    await picture.decode();
    return picture;
  }

  function release(trial) {
    for (const name of [trial.reference, ...trial.images]) {
      const address = fetched.get(name);
      fetched.delete(name);
      if (address) address.then((found) => found.startsWith("blob:") && URL.revokeObjectURL(found), () => {});
    }
  }

  /* The smallest whole number of CSS pixels that is a whole number of screen pixels: 1 at ratio 2, 4 at 1.25.
     On multiples of it every browser puts boxes exactly, however it rounds. */
  function gridStep(ratio) {
    for (let step = 1; step <= 64; step += 1) if (Math.abs(step * ratio - Math.round(step * ratio)) < 1e-3) return step;
    return 1;
  }

  /* Draws the picture pixel by pixel onto a canvas of whole grid steps; what is left over stays clear. */
  function draw(canvas, picture, ratio, step) {
    const [width, height] = [picture.naturalWidth, picture.naturalHeight].map((size) => Math.ceil(size / ratio / step) * step);
    const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== columns || canvas.height !== rows || !canvas.dataset.drawn) {
      canvas.width = columns;
      canvas.height = rows;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      canvas.getContext("2d").drawImage(picture, 0, 0);
      canvas.dataset.drawn = "1";
    }
    return [width, height];
  }

  /* Every picture at its own pixels: one of its pixels is one of the screen, at every device pixel ratio. */
  function arrange() {
    if (!current) return;
    const ratio = window.devicePixelRatio || 1;
    const step = gridStep(ratio);
    const { figures } = current;
    const [width, height] = figures.map(({ canvas, picture }) => draw(canvas, picture, ratio, step))[0];
    const fits = Math.max(1, Math.floor((stage.clientWidth + GAP) / (width + GAP)));
    const columns = Math.min(figures.length, fits);
    const rows = Math.ceil(figures.length / columns);
    const bounds = stage.getBoundingClientRect();
    const left0 = Math.max(0, (stage.clientWidth - columns * width - (columns - 1) * GAP) / 2);
    const top0 = Math.max(0, (stage.clientHeight - rows * (height + CAPTION + GAP)) / 2);
    const onGrid = (value, start) => Math.ceil((value + start) / step) * step - start;
    figures.forEach(({ figure, place }, index) => {
      const left = left0 + (index % columns) * (width + GAP);
      const top = top0 + CAPTION + Math.floor(index / columns) * (height + CAPTION + GAP);
      figure.style.width = `${width}px`;
      figure.style.left = `${onGrid(left, bounds.left)}px`;
      figure.style.top = `${onGrid(top, bounds.top) - CAPTION}px`;
      figure.firstChild.textContent = caption(place, columns >= figures.length);
      figure.classList.toggle("chosen", order.includes(place));
    });
    current.stacked = columns < figures.length;
    current.large = width > stage.clientWidth || height + CAPTION > stage.clientHeight;
  }

  function caption(place, side) {
    if (place < 0) return "original";
    if (texts.design === "mos") return current.trial.reference ? "rate this" : "";
    if (texts.design === "2afc") return side ? ["left", "right"][place] : ["upper", "lower"][place];
    const rank = order.indexOf(place);
    return rank < 0 ? `${place + 1}` : `${place + 1}: rank ${rank + 1}`;
  }

  function answers() {
    const { trial } = current;
    const footer = element("answers");
    footer.hidden = false;
    const buttons = made("div", { className: "buttons" });
    if (texts.design === "mos") {
      for (const [score, word] of texts.scale) {
        const node = button(String(score), word, () => answer(String(score)));
        node.classList.toggle("expected", trial.expected === String(score));
        buttons.append(node);
      }
    } else if (texts.design === "2afc") {
      ["←", "→"].forEach((label, place) => {
        const node = button(label, place ? "right or lower" : "left or upper", () => answer(String(place)));
        node.classList.toggle("expected", trial.expected === String(place));
        buttons.append(node);
      });
    } else {
      for (const { place } of current.figures.filter((one) => one.place >= 0))
        buttons.append(button(String(place + 1), "", () => choose(place)));
      buttons.append(button("⌫", "undo", undo));
      const send = button("⏎", "done", submit);
      send.id = "submit";
      buttons.append(send);
    }
    footer.replaceChildren(made("p", { textContent: question() }), buttons);
    ranked();
  }

  function question() {
    const { expected } = current.trial;
    if (texts.design === "mos")
      return expected ? `Example: this picture stands for ${expected}. Press ${expected}.` : "How good is this picture?";
    if (texts.design === "2afc")
      return expected ? `Example: the ${expected === "0" ? "left (upper)" : "right (lower)"} one is better. Choose it.` : "Which is better?";
    if (!expected) return "Which is best, second best, and so on?";
    return `Example: the best order is ${expected.split(",").map((place) => Number(place) + 1).join(", ")}.`;
  }

  function choose(place) {
    if (busy || !current) return;
    if (texts.design === "2afc") return answer(String(place));
    if (!order.includes(place)) order.push(place);
    arrange();
    ranked();
  }

  function undo() {
    if (busy) return;
    order.pop();
    arrange();
    ranked();
  }

  function ranked() {
    const send = element("submit");
    if (send) send.disabled = order.length < current.trial.images.length;
  }

  function submit() {
    if (current && order.length === current.trial.images.length) answer(order.join(","));
  }

  async function answer(value) {
    if (busy || !current) return;
    const { trial } = current;
    if (trial.expected !== null && value !== trial.expected) {
      element("answers").firstChild.textContent = `${question()} (In an example only this is taken.)`;
      return;
    }
    busy = true;
    const milliseconds = Math.round(performance.now() - shownAt);
    for (const node of element("answers").querySelectorAll("button")) node.disabled = true;
    const state = await kept(() => backend.answer({ position: trial.position, value, milliseconds, screen: screenText() }));
    release(trial);
    show(state);
  }

  function screenText() {
    const zoom = window.visualViewport ? window.visualViewport.scale : 1;
    return `${window.innerWidth}x${window.innerHeight}@${+window.devicePixelRatio.toFixed(3)} ${+zoom.toFixed(2)}`;
  }

  /* Does the work until it succeeds: a lost connection costs time, not answers. */
  async function kept(work) {
    for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
      try {
        const found = await work();
        element("connection").hidden = true;
        return found;
      } catch (error) {
        element("connection").textContent = error.final
          ? error.message
          : "No connection to the study. Your answer is kept here and sent again by itself.";
        element("connection").hidden = false;
        if (error.final) return new Promise(() => {});
        await new Promise((resume) => setTimeout(resume, wait));
      }
    }
  }

  function warn() {
    const said = [];
    const scale = window.visualViewport ? window.visualViewport.scale : 1;
    const touch = window.matchMedia("(pointer: coarse)").matches;
    const page = window.outerWidth && window.innerWidth ? window.outerWidth / window.innerWidth : 1;
    if (Math.abs(scale - 1) > 0.01 || (!touch && (page > 1.15 || page < 0.85)))
      said.push("The page is zoomed: set the zoom back to 100 % (Ctrl+0, or pinch).");
    if (current && current.large) said.push("The picture is larger than your window: enlarge the window, or scroll to see all of it.");
    else if (current && current.stacked && texts.design === "2afc") said.push("Your window is too narrow to show the versions side by side.");
    const box = element("warning");
    const text = said.join(" ");
    if (box.textContent !== text) box.textContent = text;
    if (box.hidden !== !text) {
      box.hidden = !text;
      arrange();
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !current || busy) return;
    const { key } = event;
    const digit = /^[1-9]$/.test(key) ? Number(key) : 0;
    let taken = true;
    if (texts.design === "mos" && digit >= 1 && digit <= texts.scale.length) answer(String(digit));
    else if (texts.design === "2afc" && (key === "ArrowLeft" || key === "ArrowUp" || digit === 1)) answer("0");
    else if (texts.design === "2afc" && (key === "ArrowRight" || key === "ArrowDown" || digit === 2)) answer("1");
    else if (texts.design === "ranking" && digit && digit <= current.trial.images.length) choose(digit - 1);
    else if (texts.design === "ranking" && key === "Backspace") undo();
    else if (texts.design === "ranking" && key === "Enter") submit();
    else taken = false;
    if (taken) event.preventDefault();
  });
  const again = () => {
    arrange();
    warn();
  };
  window.addEventListener("resize", again);
  if (window.visualViewport) window.visualViewport.addEventListener("resize", again);

  kept(() => backend.start()).then((state) => {
    texts = state.texts;
    show(state);
  });
})();
