// htmx saves answers as they are given. This script adds what htmx leaves out: running numbers for saves, a notice of a
// failed save within two seconds and another try, saving after signing in again, and keyboard shortcuts.
(() => {
  "use strict";
  const SLOW = 1400, RETRY = 3000;
  // The sentences stand in the page, in its language.
  const says = document.querySelector(".survey")?.dataset;
  const questions = () => [...document.querySelectorAll("form.question")];
  const statusOf = (form) => form.querySelector(".saved-status");
  const unsaved = new Map(); // form -> { warn, retry } timers
  const unsent = new Set(); // forms changed since their last request

  function show(form, state, text) {
    const status = statusOf(form);
    status.dataset.state = state;
    let line = status.querySelector("span");
    if (!line) status.replaceChildren(status.querySelector("input"), line = document.createElement("span"));
    line.textContent = text;
  }

  function settle(form) {
    const { warn, retry } = unsaved.get(form) || {};
    clearTimeout(warn); clearTimeout(retry);
    unsaved.delete(form);
  }

  function failed(form, text) {
    settle(form);
    show(form, "failed", text);
    unsaved.set(form, { retry: setTimeout(() => save(form), RETRY) });
  }

  const save = (form) => window.htmx.trigger(form, "change");
  const saveAll = () => [...unsaved.keys()].forEach(save);

  document.addEventListener("htmx:configRequest", (event) => {
    const form = event.target;
    if (!form.matches("form.question")) return;
    form.elements.sequence.value = Number(form.elements.sequence.value) + 1;
    event.detail.parameters.set("sequence", form.elements.sequence.value);
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target;
    if (!form.matches("form.question")) return;
    settle(form);
    unsent.delete(form);
    show(form, "saving", says.saving);
    unsaved.set(form, { warn: setTimeout(() => show(form, "failed", says.stillTrying), SLOW) });
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    // A refusal comes with a fragment that says why. Only questions have one for people who are signed out.
    const refusals = requestConfig.elt.matches("form.question") ? [401, 409, 422] : [409, 422];
    if (refusals.includes(xhr.status) && xhr.getResponseHeader("Content-Type")?.includes("html")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });

  // A page outlives the sign-in in which it was loaded, and its forms then have an old token. The answer to such a
  // request brings a new one, as the cookie may be out of reach for scripts. Everything is sent again with it, once.
  const renewed = new WeakSet();
  function isSentAgain({ elt, triggeringEvent }, token) {
    if (!token || renewed.has(elt)) { renewed.delete(elt); return false; }
    renewed.add(elt);
    document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((input) => { input.value = token; });
    const button = triggeringEvent?.submitter;
    setTimeout(() => button ? button.click() : window.htmx.trigger(elt, "submit"));
    return true;
  }

  // Kept as unsaved, so that leaving asks first.
  function refused(form, text) {
    settle(form);
    show(form, "failed", text);
    unsaved.set(form, {});
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    const { requestConfig, xhr } = event.detail;
    const token = xhr?.getResponseHeader("X-CSRF-Token");
    if (requestConfig && isSentAgain(requestConfig, token)) return;
    const form = requestConfig?.elt;
    if (!form?.matches("form.question")) return;
    const status = xhr.status;
    if (status === 401) { settle(form); unsaved.set(form, {}); }
    else if (token) failed(form, says.tryingAgain);
    else if (status === 403 || status === 404) refused(form, says.mayNot);
    else if (status === 413) refused(form, says.tooLong);
    else if (status === 200 || status === 409 || status === 422) settle(form);
    else if (status !== 0) failed(form, says.tryingAgain);
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, (event) => {
    const form = event.detail.requestConfig?.elt;
    if (form?.matches("form.question")) failed(form, says.unreachable);
  });
  // Of two saves under way at once, the one stored first may be answered last; its counts are out of date then.
  document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    const answered = (element) => Number(element?.dataset.answered);
    if (answered(detail.fragment.firstElementChild) < answered(detail.target)) detail.shouldSwap = false;
  });
  for (const name of ["online", "focus"]) window.addEventListener(name, saveAll);
  // What was chosen or typed before this script was there.
  const isChanged = (field) => field.checked !== field.defaultChecked || (field.defaultValue ?? field.value) !== field.value;
  window.addEventListener("load", () => questions().filter((form) => [...form.elements].some(isChanged)).forEach(save));

  // What was typed or chosen and not sent yet: "Saved" no longer holds, and it is sent when the page is left.
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form.question");
    if (form && !unsent.has(form)) { show(form, "editing", ""); unsent.add(form); }
  });
  const isFailing = (form) => ["failed", "signed-out"].includes(statusOf(form).dataset.state);
  window.addEventListener("beforeunload", (event) => { if ([...unsaved.keys()].some(isFailing)) event.preventDefault(); });
  window.addEventListener("pagehide", () => {
    for (const form of new Set([...unsent, ...unsaved.keys()])) {
      form.elements.sequence.value = Number(form.elements.sequence.value) + 1;
      navigator.sendBeacon(form.action, new FormData(form));
    }
  });

  // A conflict is settled by loading what is stored.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-reload]");
    if (!link) return;
    event.preventDefault();
    window.location.hash = new URL(link.href).hash;
    window.location.reload();
  });

  // ---------------------------------------------------------------- keyboard
  const current = () => document.activeElement?.closest("form.question");
  const isTyping = (target) => target.matches("textarea, select, input:not([type=radio])");
  function focusOn(form) {
    const radio = form.querySelector("input[type=radio]:checked") || form.querySelector("input[type=radio]");
    radio?.focus();
    form.scrollIntoView({ block: "center" });
  }

  function step(by) {
    const all = questions();
    const index = all.indexOf(current());
    const fromOutside = by > 0 ? 0 : all.length - 1;
    const next = all[index < 0 ? fromOutside : index + by];
    if (next) focusOn(next);
  }

  const follow = (key) => document.querySelector(`a[data-key="${key}"]`)?.click();

  const keys = {
    j: () => step(1),
    k: () => step(-1),
    n: () => {
      const all = questions(), rest = all.slice(all.indexOf(current()) + 1);
      const open = rest.find((form) => !form.querySelector("input[type=radio]:checked"));
      if (open) focusOn(open); else follow("next-unanswered");
    },
    c: () => {
      const details = current()?.querySelector("details");
      if (details) { details.open = true; details.querySelector("textarea").focus(); }
    },
    "]": () => follow("next-page"),
    "[": () => follow("previous-page"),
    "?": () => document.getElementById("shortcuts").showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (!document.querySelector("[data-shortcuts]") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const radio = current()?.querySelectorAll("input[type=radio]")[Number(event.key) - 1];
    if (radio && !radio.disabled) { radio.focus(); radio.click(); event.preventDefault(); }
    else if (Object.hasOwn(keys, event.key)) { event.preventDefault(); keys[event.key](); }
  });
  // A page that comes back from memory may be of somebody who has signed out since: the server says if it is still so.
  // Answers that are not saved yet stay where they are.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && !questions().length) window.location.reload();
  });
  document.querySelectorAll(".shortcut-hint").forEach((hint) => { hint.hidden = !document.querySelector("[data-shortcuts]"); });
})();
