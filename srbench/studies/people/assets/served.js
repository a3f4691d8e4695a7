/* Where answers go: to the server that the page came from. */
"use strict";

const backend = (() => {
  const join = /\/join\/([^/]+)$/.exec(location.pathname);
  // The link of this browser's place in an open study, so that opening the study again goes on with it.
  const key = join && `srbench-study:${join[1]}`;
  let base = new URL(".", location.href);

  async function send(path, body, from = base) {
    const options = body === undefined ? {} : { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
    const response = await fetch(new URL(path, from), { ...options, cache: "no-store" });
    const found = await response.json();
    // 409: this trial has its answer already (another tab, a second click); what comes next is said too.
    if (response.ok || (response.status === 409 && found.phase)) return found;
    if (response.status >= 500) throw new Error(found.error);
    throw Object.assign(new Error(found.error || "refused"), { final: true });
  }

  function remembered() {
    try {
      return key && localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  function remember(address) {
    try {
      if (address) localStorage.setItem(key, address);
      else localStorage.removeItem(key);
    } catch {
      /* Without storage the link in the address bar still leads back. */
    }
  }

  return {
    resume: "with the link in your address bar",
    start: () => (join ? send(`../join/${join[1]}/state`) : send("state")),
    async consent() {
      if (join) {
        const { address } = await send(`../join/${join[1]}/enrol`, {});
        remember(address);
        base = new URL(address, location.href);
        history.replaceState(null, "", base);
      }
      return send("consent", {});
    },
    answer: (given) => send("answers", given),
    async picture(name) {
      const response = await fetch(new URL(name, base), { cache: "no-store" });
      if (!response.ok) throw new Error("no picture");
      return URL.createObjectURL(await response.blob());
    },
    extras(made, button) {
      const address = remembered();
      if (!join || !address) return [];
      const go = button("Go on where I stopped", "", () => location.assign(new URL(address, location.href)));
      go.id = "resume";
      return [made("p", { textContent: "A study was started in this browser before." }), go];
    },
  };
})();
