// htmx saves a draft as one types. This adds what htmx leaves out: a notice of a failed save, another try, and a
// question before leaving with something unsaved.
(() => {
  "use strict";
  const SLOW = 1800, RETRY = 3000;
  const form = document.querySelector("form.edit-form[hx-post]");
  let warn, retry, unsaved = false;

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

  if (!form) return;
  // The sentences stand in the page, in its language.
  const says = form.dataset;

  form.addEventListener("input", () => { unsaved = true; });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target !== form) return;
    clearTimeout(warn);
    clearTimeout(retry);
    show("saving", says.saving);
    warn = setTimeout(() => show("failed", says.stillTrying), SLOW);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.requestConfig?.elt !== form) return;
    clearTimeout(warn);
    const { status } = event.detail.xhr;
    if (status === 200) unsaved = false;
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
