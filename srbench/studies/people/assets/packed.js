/* Where answers go without a server: into this browser's storage, and at the end into a file. The plan of a
   rater is the script plans/<token>.js, named by the link's part after #. */
"use strict";

const backend = (() => {
  const token = /^#([\w-]+)$/.exec(location.hash)?.[1];
  let plan = null;
  let key = "";

  function script(source) {
    return new Promise((resolve, reject) => {
      const node = Object.assign(document.createElement("script"), { src: source });
      node.onload = resolve;
      node.onerror = () => reject(Object.assign(new Error("There is nothing here: check the link that you were given."), { final: true }));
      document.head.append(node);
    });
  }

  function read() {
    const found = JSON.parse(localStorage.getItem(key) || "null");
    return found || { consented: false, answers: [] };
  }

  function write(kept) {
    localStorage.setItem(key, JSON.stringify(kept));
  }

  function state() {
    const { consented, answers } = read();
    const answered = answers.length;
    const total = plan.trials.length;
    const phase = answered >= total ? "done" : consented ? "trials" : "welcome";
    return { texts: plan.texts, phase, answered, total, trial: plan.trials[answered] || null, next: plan.trials[answered + 1] || null };
  }

  function save() {
    const text = JSON.stringify({ format: 1, study: plan.study, token, answers: read().answers });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = `answers-${plan.number}.json`;
    link.click();
  }

  function saving(made, button) {
    const node = button("Save my answers", "", save);
    node.id = "save";
    return [node];
  }

  window.addEventListener("hashchange", () => location.reload());

  return {
    resume: "in this same browser",
    farewell: "Save them as a file and send it to the person who asked you.",
    async start() {
      if (!token) throw Object.assign(new Error("Use the whole link that you were given; it ends with # and a code."), { final: true });
      await script(`plans/${token}.js`);
      plan = window.STUDY_PLAN;
      key = `srbench-study:${plan.study}:${token}`;
      try {
        localStorage.setItem(`${key}:try`, "1");
        localStorage.removeItem(`${key}:try`);
      } catch {
        throw Object.assign(new Error("This browser keeps nothing for this page (private window?): use another one."), { final: true });
      }
      return state();
    },
    async consent() {
      write({ ...read(), consented: true });
      return state();
    },
    async answer(given) {
      const kept = read();
      // Another tab may have answered this trial: the first answer stays.
      if (given.position === kept.answers.length) {
        kept.answers.push({ ...given, time: Date.now() });
        write(kept);
      }
      return state();
    },
    picture: async (name) => name,
    extras: saving,
    ending: saving,
  };
})();
