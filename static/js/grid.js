// The grid of a draft: criteria move by drag and by keys, Enter adds one and the next can be typed at once.
(() => {
  "use strict";
  const board = document.getElementById("board");
  if (!board) return;
  let dragged = null; // the criterion that is dragged
  let focusNext = ""; // id of the criterion to go to after an answer
  let opensNext = ""; // its id, if it is opened as well
  let focusAfter = null; // what a list was opened with
  let moves = Promise.resolve(); // one after the other: each needs the revision that the one before left

  function prepare() {
    document.querySelector("[data-grid-hint]").hidden = false;
    const open = document.querySelector("#panel form.edit-form")?.getAttribute("hx-post");
    for (const card of board.querySelectorAll(".crit")) {
      card.draggable = true;
      card.setAttribute("aria-describedby", "grid-keys");
      if (card.getAttribute("href") === open) card.setAttribute("aria-current", "true");
      else card.removeAttribute("aria-current");
    }
  }

  // ---------------------------------------------------------------- moving
  function place(card, spot, before) {
    focusNext = card.id;
    return window.htmx.ajax("POST", board.dataset.place, {
      source: board,
      target: board,
      swap: "none",
      values: {
        csrfmiddlewaretoken: document.querySelector("input[name=csrfmiddlewaretoken]").value,
        criterion: card.dataset.criterion,
        revision: card.dataset.revision,
        dimension: spot.dataset.dimension,
        level: spot.dataset.level,
        before,
      },
    });
  }

  const spotOf = (element) => element?.closest?.(".spot");
  const cardsIn = (spot) => [...spot.querySelectorAll(".crit")];

  // The cell beside this one, or the one above or below it.
  function neighbour(spot, across, down) {
    const rows = [...board.querySelectorAll(".board-row:not(.heads)")];
    const cells = (row) => [...row.querySelectorAll(".spot")];
    const row = rows.findIndex((each) => each.contains(spot));
    const column = cells(rows[row]).indexOf(spot);
    const other = rows[row + down];
    return other && cells(other)[column + across];
  }

  function goTo(card, across, down) {
    const spot = spotOf(card), cards = cardsIn(spot), at = cards.indexOf(card), other = neighbour(spot, across, down);
    const open = other?.querySelector("summary");
    if (across) (other && (cardsIn(other)[at] ?? cardsIn(other).at(-1) ?? open))?.focus();
    else (cards[at + down] ?? (other && (cardsIn(other).at(down > 0 ? 0 : -1) ?? open)))?.focus();
  }

  function moveBy(card, across, down) {
    const spot = spotOf(card), cards = cardsIn(spot), at = cards.indexOf(card), other = neighbour(spot, across, down);
    const idOf = (each) => each?.dataset.criterion ?? "";
    if (across) return other && place(card, other, "");
    if (cards[at + down]) return place(card, spot, idOf(cards[down > 0 ? at + 2 : at - 1]));
    return other && place(card, other, down > 0 ? idOf(cardsIn(other)[0]) : "");
  }

  // A move starts from where the one before it has led to.
  function inTurn(id, move) {
    moves = moves.then(() => {
      const card = document.getElementById(id);
      return card && move(card);
    }).catch(() => {});
  }

  board.addEventListener("keydown", (event) => {
    const card = event.target;
    if (!card.matches?.(".crit") || event.ctrlKey || event.metaKey || event.altKey) return;
    const forwards = getComputedStyle(board).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const across = ["ArrowLeft", "ArrowRight"].includes(event.key) ? (event.key === forwards ? 1 : -1) : 0;
    const down = { ArrowUp: -1, ArrowDown: 1 }[event.key] ?? 0;
    if (!across && !down) return;
    event.preventDefault();
    if (event.shiftKey) inTurn(card.id, (now) => moveBy(now, across, down));
    else goTo(card, across, down);
  });

  const marked = (spot) => board.querySelectorAll(".spot").forEach((each) => each.classList.toggle("over", each === spot));
  board.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.(".crit") || null;
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.textContent.trim());
    dragged.classList.add("dragged");
  });
  board.addEventListener("dragover", (event) => {
    const spot = spotOf(event.target);
    if (!dragged || !spot) { marked(null); return; }
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    marked(spot);
  });
  board.addEventListener("drop", (event) => {
    const spot = spotOf(event.target);
    if (!dragged || !spot) return;
    event.preventDefault();
    // Over the upper half of another it goes in front of it.
    const below = cardsIn(spot).find((card) => {
      const { top, height } = card.getBoundingClientRect();
      return card !== dragged && event.clientY < top + height / 2;
    });
    inTurn(dragged.id, (card) => place(card, spot, below?.dataset.criterion ?? ""));
  });
  board.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
    marked(null);
  });

  // ---------------------------------------------------------------- adding one after another
  const isAdding = (element) => element?.matches?.("form[data-add]");
  const sent = new WeakMap(); // by form: what is under way, to be put back if it was not added

  board.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("form[data-add]");
    if (!form || !event.target.matches("textarea")) return;
    if (event.key === "Escape") {
      form.closest("details").open = false;
      form.closest("details").querySelector("summary").focus();
    }
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    // While one is under way, the line break stays and the line is sent after it.
    if (sent.has(form)) return;
    event.preventDefault();
    if (event.target.value.trim()) form.requestSubmit();
  });
  board.addEventListener("toggle", (event) => {
    if (event.target.matches("details.adding[open]")) event.target.querySelector("textarea").focus();
  }, true);
  document.addEventListener("htmx:beforeSend", (event) => {
    const form = event.target;
    if (!isAdding(form)) return;
    const field = form.elements.text;
    sent.set(form, field.value);
    field.value = "";
    form.querySelector("[data-problem]").hidden = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.requestConfig?.elt;
    if (!isAdding(form) || !sent.has(form)) return;
    const { xhr } = event.detail, field = form.elements.text, text = sent.get(form);
    sent.delete(form);
    if (xhr.status !== 200) {
      field.value = field.value ? `${text}\n${field.value}` : text;
      const refusal = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("[data-refusal]");
      const problem = form.querySelector("[data-problem]");
      problem.textContent = refusal?.textContent ?? document.querySelector("[data-grid-failed]").textContent;
      problem.hidden = false;
    } else {
      // htmx still holds this request: it would drop the next one without a word.
      setTimeout(() => {
        if (!sent.has(form) && /\n\s*$/.test(field.value) && field.value.trim()) form.requestSubmit();
      });
    }
  });

  // ---------------------------------------------------------------- lists and the panel
  // Without room beside the grid a criterion has its own page: the panel would be far below.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const card = event.detail.elt;
    if (!card.matches?.(".crit") || window.matchMedia("(min-width: 1001px)").matches) return;
    event.preventDefault();
    window.location.assign(card.href);
  });
  document.addEventListener("click", (event) => {
    const cancel = event.target.closest("[data-cancel-paste]");
    if (!cancel || !board.contains(cancel)) return;
    event.preventDefault();
    const at = cancel.closest(".paste-place");
    at.replaceChildren();
    document.querySelector(`[data-opens="${at.id}"]`)?.focus();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr, requestConfig } = event.detail;
    // A list that was added gives the focus back to what opened it.
    if (requestConfig.elt.matches("form[data-paste]") && !xhr.responseText.includes("data-paste")) {
      focusAfter = document.querySelector(`[data-opens="${target.closest(".paste-place")?.id}"]`);
    }
    const made = /id="focus-next" data-criterion="(\d+)"/.exec(xhr.responseText);
    if (made) opensNext = focusNext = `criterion-${made[1]}`;
  });
  // Only what is settled can be clicked.
  document.addEventListener("htmx:afterSettle", (event) => {
    prepare();
    const card = document.getElementById(focusNext);
    if (card) {
      focusNext = "";
      card.focus();
      if (card.id === opensNext) {
        opensNext = "";
        card.click();
      }
    }
    if (document.activeElement === document.body) focusAfter?.focus();
    focusAfter = null;
    if (event.target.id?.startsWith("paste-")) event.target.querySelector("textarea")?.focus();
    if (event.target.id === "panel") event.target.querySelector("textarea")?.focus();
  });
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      const { xhr, elt } = event.detail;
      if (!elt?.closest?.("#board") || isAdding(elt)) return;
      const toast = document.getElementById("toast");
      const line = document.createElement("p");
      line.className = "toast";
      line.textContent = document.querySelector("[data-grid-failed]").textContent;
      toast.replaceChildren(line);
      if (xhr && [403, 404].includes(xhr.status) && !xhr.getResponseHeader("X-CSRF-Token")) window.location.reload();
    });
  }
  prepare();
})();
