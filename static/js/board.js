// The board of a roadmap: cards move by drag and by arrow keys. Both press a button of the card's own form, so that a
// move is stored, checked and shown like one by its visible buttons.
(() => {
  "use strict";
  const CANCELLED = "dropped";
  const board = () => document.querySelector("[data-board]");
  const cardOf = (target) => target.closest?.("[data-board] .ticket");
  const columns = () => [...document.querySelectorAll("[data-board] [data-column]")];
  let dragged = null; // the card that is dragged
  let focusNext = ""; // id of the card that had the focus when it was moved

  function prepare() {
    if (!board()) return;
    for (const card of board().querySelectorAll(".ticket")) {
      card.draggable = true;
      card.tabIndex = 0;
      card.setAttribute("aria-describedby", "board-keys");
    }
    document.querySelector("[data-board-hint]").hidden = false;
  }

  function move(card, status) {
    if (!status || status === card.dataset.status) return;
    if (status === CANCELLED) {
      // Cancelling needs a reason, and so the page of the action.
      window.location.assign(`${card.dataset.edit}?status=${status}`);
      return;
    }
    const form = card.querySelector("[data-moves]");
    // A conflict stands there and waits for an answer.
    if (!form) return;
    const button = document.createElement("button");
    button.name = "status";
    button.value = status;
    button.hidden = true;
    form.append(button);
    focusNext = card.id;
    button.click();
  }

  // ---------------------------------------------------------------- keyboard
  // Columns follow the direction of the text.
  const forwards = () => getComputedStyle(board()).direction === "rtl" ? "ArrowLeft" : "ArrowRight";

  function statusBeside(card, by) {
    const open = columns().map((column) => column.dataset.column).filter((status) => status !== CANCELLED);
    const place = open.indexOf(card.dataset.status);
    return place < 0 ? open[0] : open[place + by];
  }

  document.addEventListener("keydown", (event) => {
    const card = event.target;
    // Only on the card itself: links, buttons and fields in it keep their keys.
    if (!card.matches?.("[data-board] .ticket") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowUp") (card.previousElementSibling || card).focus();
    else if (event.key === "ArrowDown") (card.nextElementSibling || card).focus();
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      move(card, statusBeside(card, event.key === forwards() ? 1 : -1));
    } else return;
    event.preventDefault();
  });

  // ---------------------------------------------------------------- drag
  const marked = (column) => columns().forEach((each) => each.classList.toggle("over", each === column));

  document.addEventListener("dragstart", (event) => {
    dragged = cardOf(event.target) || null;
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.id);
    dragged.classList.add("dragged");
  });
  document.addEventListener("dragover", (event) => {
    const column = event.target.closest?.("[data-column]");
    if (!dragged || !column) { marked(null); return; }
    event.preventDefault();
    event.dataTransfer.dropEffect = "move";
    marked(column);
  });
  document.addEventListener("drop", (event) => {
    const column = event.target.closest?.("[data-column]");
    if (!dragged || !column) return;
    event.preventDefault();
    move(dragged, column.dataset.column);
  });
  document.addEventListener("dragend", () => {
    dragged?.classList.remove("dragged");
    dragged = null;
    marked(null);
  });

  // ---------------------------------------------------------------- after a move
  document.addEventListener("submit", (event) => {
    const card = cardOf(event.target);
    if (card) focusNext = card.id;
    if (event.target.matches("[data-undo]")) focusNext = `action-${event.target.dataset.undo}`;
  });
  document.addEventListener("htmx:afterSettle", () => {
    prepare();
    document.getElementById(focusNext)?.focus();
    focusNext = "";
  });
  const failed = (event) => {
    const sentence = document.querySelector("[data-board-failed]");
    if (sentence && event.detail.elt?.closest?.("#roadmap")) sentence.hidden = false;
  };
  for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, failed);
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr, elt } = event.detail;
    if (xhr.status >= 500) failed(event);
    // The action or the right to move it is gone, and the page is out of date; an old token is renewed by itself.
    const isGone = [403, 404].includes(xhr.status) && !xhr.getResponseHeader("X-CSRF-Token");
    if (isGone && elt?.closest?.("#roadmap")) window.location.reload();
  });
  prepare();
})();
