/* The researcher's view: the token goes into a header, never into an address. */
"use strict";

(() => {
  const element = (id) => document.getElementById(id);

  async function ask(path) {
    const response = await fetch(path, { headers: { Authorization: `Bearer ${element("token").value}` }, cache: "no-store" });
    if (!response.ok) throw new Error((await response.json()).error);
    return response;
  }

  function row(cells, tag) {
    const node = document.createElement("tr");
    for (const text of cells) node.append(Object.assign(document.createElement(tag), { textContent: text }));
    return node;
  }

  async function download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await (await ask("admin/answers.csv")).blob());
    link.download = "answers.csv";
    link.click();
  }

  element("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    element("found").replaceChildren();
    try {
      const found = await (await ask("admin/progress")).json();
      const table = document.createElement("table");
      table.append(row(["rater", "answers", "of"], "th"));
      for (const rater of found.raters) table.append(row([rater.rater, rater.answers, rater.trials], "td"));
      const save = Object.assign(document.createElement("button"), { type: "button", textContent: "Download answers.csv" });
      save.addEventListener("click", download);
      element("found").append(save, table);
      element("said").textContent = found.title;
    } catch (error) {
      element("said").textContent = error.message;
    }
  });
})();
