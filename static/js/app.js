// htmx saves answers as they are given. This script adds what htmx leaves out: running numbers for saves, a notice of a
// failed save within two seconds and another try, saving after signing in again, and keyboard shortcuts.
(() => {
  "use strict";
  const SLOW = 1400, RETRY = 3000;
  // The sentences stand in the page, in its language.
  const says = document.querySelector(".survey")?.dataset;
  // The page is one form, so that one button saves it without script; here each question is saved by itself.
  const questions = () => [...document.querySelectorAll("div.question")];
  const fields = (question) => [...question.querySelectorAll("input, textarea")];
  function answerOf(question) {
    const page = question.closest("form").elements, number = question.id.slice("c-".length), answer = {};
    for (const name of ["csrfmiddlewaretoken", "page", "who"]) answer[name] = page[name].value;
    for (const name of ["code", "reason", "comment", "evidence", "version"]) {
      const field = page[`${name}-${number}`];
      if (field) answer[name] = field.value;
    }
    question.dataset.sequence = answer.sequence = Number(question.dataset.sequence || 1) + 1;
    return answer;
  }
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
    if (form.matches("div.question")) event.detail.parameters = answerOf(form);
  });

  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.target;
    if (!form.matches("div.question")) return;
    settle(form);
    unsent.delete(form);
    show(form, "saving", says.saving);
    unsaved.set(form, { warn: setTimeout(() => show(form, "failed", says.stillTrying), SLOW) });
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr, requestConfig } = event.detail;
    // A refusal comes with a fragment that says why. Only questions have one for people who are signed out.
    const refusals = requestConfig.elt.matches("div.question") ? [401, 409, 422] : [409, 422];
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
    if (elt.matches("div.question")) setTimeout(() => save(elt));
    else setTimeout(() => button ? button.click() : window.htmx.trigger(elt, "submit"));
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
    if (!form?.matches("div.question")) return;
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
    if (form?.matches("div.question")) failed(form, says.unreachable);
  });
  // Of two saves under way at once, the one stored first may be answered last; its counts are out of date then.
  document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
    const answered = (element) => Number(element?.dataset.answered);
    if (answered(detail.fragment.firstElementChild) < answered(detail.target)) detail.shouldSwap = false;
  });
  // Enter in a field, or the button that settles a conflict.
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form.answers")) return;
    event.preventDefault();
    const question = (event.submitter?.closest("div.question") ?? document.activeElement?.closest("div.question"));
    if (question) save(question);
  });
  for (const name of ["online", "focus"]) window.addEventListener(name, saveAll);
  // What was chosen or typed before this script was there.
  const isChanged = (field) => field.checked !== field.defaultChecked || (field.defaultValue ?? field.value) !== field.value;
  window.addEventListener("load", () => questions().filter((form) => fields(form).some(isChanged)).forEach(save));

  // What was typed or chosen and not sent yet: "Saved" no longer holds, and it is sent when the page is left.
  document.addEventListener("input", (event) => {
    const form = event.target.closest("div.question");
    if (form && !unsent.has(form)) { show(form, "editing", ""); unsent.add(form); }
  });
  const isFailing = (form) => ["failed", "signed-out"].includes(statusOf(form).dataset.state);
  window.addEventListener("beforeunload", (event) => { if ([...unsaved.keys()].some(isFailing)) event.preventDefault(); });
  window.addEventListener("pagehide", () => {
    clearTimeout(leaving);
    for (const form of waiting()) {
      const body = new FormData();
      for (const [name, value] of Object.entries(answerOf(form))) body.set(name, value);
      navigator.sendBeacon(form.getAttribute("hx-post"), body);
    }
  });

  // A link that is followed right after an answer waits for it, as the next page says how many are answered. Where the
  // answer is refused the page stays, so that the person learns why.
  const PATIENCE = 1500;
  let leaving;
  const waiting = () => [...new Set([...unsent, ...unsaved.keys()])];
  const isRefused = (form) => ["refused", "conflict"].includes(statusOf(form).dataset.state);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const isElsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || link?.target;
    if (!link || isElsewhere || event.defaultPrevented || link.getAttribute("href").startsWith("#")) return;
    const waitedFor = waiting();
    if (!waitedFor.length || waitedFor.some(isFailing)) return;
    event.preventDefault();
    clearTimeout(leaving);
    const until = performance.now() + PATIENCE;
    function goOn() {
      const refused = waitedFor.find(isRefused);
      if (refused) focusOn(refused);
      else if (waiting().length && performance.now() < until) leaving = setTimeout(goOn, 20);
      else location.assign(link.href);
    }
    goOn();
  });

  // ---------------------------------------------------------------- going on by itself
  // Only after an answer that was pointed at: whoever chooses with the arrow keys passes answers on the way.
  const goesOn = document.getElementById("goes-on"), AFTER_SAVED = 500;
  const isAnswered = (form) => form.querySelector("input[type=radio]:checked") !== null;
  const answeredBefore = new Set(questions().filter(isAnswered));
  let pointedAt = null;
  if (goesOn) {
    const kept = localStorage.getItem("goes-on");
    goesOn.checked = kept === null ? matchMedia("(pointer: coarse)").matches : kept === "yes";
    goesOn.addEventListener("change", () => localStorage.setItem("goes-on", goesOn.checked ? "yes" : "no"));
    goesOn.closest("label").hidden = false;
  }
  document.addEventListener("pointerdown", (event) => { pointedAt = event.target.closest("div.question"); });
  document.addEventListener("keydown", () => { pointedAt = null; });
  document.addEventListener("change", ({ target }) => {
    const form = target.closest("div.question");
    if (!form || target.type !== "radio") return;
    const isFirst = !answeredBefore.has(form);
    answeredBefore.add(form);
    // What does not apply needs a reason first.
    if (!isFirst || !goesOn?.checked || pointedAt !== form || target.value === "NA") return;
    const all = questions(), open = all.slice(all.indexOf(form)).find((other) => !isAnswered(other));
    if (open) open.scrollIntoView({ block: "center" });
    else if (all.every(isAnswered)) leavesWhenSaved = true;
  });
  let leavesWhenSaved = false;
  document.addEventListener("htmx:afterSettle", () => {
    if (!leavesWhenSaved) return;
    setTimeout(() => {
      const isAllSaved = leavesWhenSaved && !unsaved.size && !unsent.size;
      if (isAllSaved) { leavesWhenSaved = false; follow("next-unanswered"); }
    }, AFTER_SAVED);
  });
  document.addEventListener("input", ({ target }) => { if (target.type !== "radio") leavesWhenSaved = false; });

  // A conflict is settled by loading what is stored.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-reload]");
    if (!link) return;
    event.preventDefault();
    window.location.hash = new URL(link.href).hash;
    window.location.reload();
  });

  // ---------------------------------------------------------------- keyboard
  const current = () => document.activeElement?.closest("div.question");
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
      const open = rest.find((form) => !isAnswered(form));
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
  document.addEventListener("keydown", (event) => {
    const field = document.querySelector("input[data-search]");
    if (!field || event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
  // Whoever leaves a page has decided where to go: what the page asks for by itself, which it does by GET, must not load
  // it again or lead elsewhere. A download only looks like leaving, so this ends after a while.
  const LEAVING = 10_000;
  let leftAt = -Infinity;
  window.addEventListener("beforeunload", () => { leftAt = performance.now(); });
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { xhr, requestConfig } = event.detail;
    const leads = ["HX-Refresh", "HX-Redirect"].some((name) => xhr.getResponseHeader(name));
    if (leads && requestConfig.verb === "get" && performance.now() - leftAt < LEAVING) event.preventDefault();
  });

  // A page that comes back from memory may be of somebody who has signed out since: the server says if it is still so.
  // Answers that are not saved yet stay where they are.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && !questions().length) window.location.reload();
  });
  document.querySelectorAll(".find-key").forEach((key) => { key.hidden = false; });
  document.querySelectorAll(".shortcut-hint").forEach((hint) => { hint.hidden = !document.querySelector("[data-shortcuts]"); });
})();
