// htmx saves a draft as one types. This adds what htmx leaves out: a notice of a failed save, another try, and a
// question before leaving with something unsaved.
(() => {
  "use strict";
  const SLOW = 1800, RETRY = 3000;
  // In the panel of the grid another form can take its place.
  const current = () => document.querySelector("form.edit-form[hx-post]");
  let form = current(), warn, retry, unsaved = false, held = null, typed = 0, sent = 0;

  function show(state, text) {
    const status = document.getElementById("edit-status");
    let line = status.querySelector("p[data-state]");
    if (!line) {
      status.querySelectorAll(".notice").forEach((notice) => notice.remove());
      line = document.createElement("p");
      status.append(line);
    }
    line.dataset.state = state;
    line.className = state === "failed" ? "delta down" : "muted";
    line.textContent = text;
  }

  function failed(text) {
    clearTimeout(warn);
    show("failed", text);
    retry = setTimeout(() => window.htmx.trigger(form, "again"), RETRY);
  }

  if (!form && !document.getElementById("panel")) return;
  // The sentences stand in the page, in its language.
  const says = new Proxy({}, { get: (_, name) => form.dataset[name] });

  document.addEventListener("input", (event) => { if (form?.contains(event.target)) { unsaved = true; typed += 1; } });
  document.addEventListener("htmx:afterSwap", () => {
    if (form === current()) return;
    form = current();
    unsaved = false;
  });
  // Another criterion is only opened once what was typed is saved; what cannot be saved stays open.
  document.addEventListener("htmx:confirm", (event) => {
    if (!unsaved || event.target === form || event.detail.target?.id !== "panel") return;
    event.preventDefault();
    held = event.target.id;
    window.htmx.trigger(form, "again");
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target !== form) return;
    clearTimeout(warn);
    clearTimeout(retry);
    sent = typed;
    show("saving", says.saving);
    warn = setTimeout(() => show("failed", says.stillTrying), SLOW);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig?.elt !== form) return;
    clearTimeout(warn);
    const { status } = event.detail.xhr;
    // What was typed since then is saved next.
    const isAll = status === 200 && typed === sent, opens = held;
    if (isAll) unsaved = false;
    if (isAll || status !== 200) held = null;
    if (status === 200) {
      // The save may have put another link in its place, which can be clicked once it is settled.
      const open = () => document.getElementById(opens)?.click();
      if (isAll && opens) document.addEventListener("htmx:afterSettle", open, { once: true });
    }
    // An old token: app.js sends it again with the new one.
    else if (event.detail.xhr.getResponseHeader("X-CSRF-Token")) failed(says.tryingAgain);
    else if (status === 403 || status === 404) show("failed", says.mayNot);
    else if (status !== 0 && status !== 409 && status !== 422) failed(says.tryingAgain);
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      if (event.detail.requestConfig?.elt === form) failed(says.unreachable);
    });
  }
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
})();
