// The shared screen of a live room: keys, full screen, and the clock of the question. The screen itself is exchanged
// whenever something is new, so everything is looked up when it is needed.
(() => {
  "use strict";
  const room = () => document.querySelector("#room");

  const tick = () => {
    const clock = room()?.querySelector("[data-since]");
    if (!clock) return;
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(clock.dataset.since)) / 1000));
    const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    const shown = clock.querySelector("[data-clock]");
    if (shown.textContent !== text) shown.textContent = text;
  };
  const showHints = () => room()?.querySelectorAll(".keys-hint").forEach((hint) => { hint.hidden = false; });
  const fresh = () => { tick(); showHints(); };
  fresh();
  setInterval(tick, 500);

  document.addEventListener("htmx:afterSwap", (event) => {
    fresh();
    // After a decision the button that had the focus is gone: people go on from the new question.
    const moved = event.detail.requestConfig?.verb === "post";
    if (moved && document.activeElement === document.body) room()?.querySelector("h1")?.focus({ preventScroll: true });
  });

  const toggleFullScreen = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.().catch(() => {});
  };
  const openNote = () => {
    const note = room()?.querySelector("[data-note]");
    if (!note) return false;
    note.open = true;
    note.querySelector("textarea")?.focus();
    return true;
  };

  // Keys of the review's page do the same here.
  const asInReview = { m: "Enter", n: "ArrowRight", p: "ArrowLeft" };
  document.addEventListener("keydown", (event) => {
    if (!room()?.matches("[data-room-keys]")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.matches("input, textarea, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    // Enter and the arrows keep their meaning on what has the focus.
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    if (event.key === "f") toggleFullScreen();
    else if (event.key === "c" && openNote()) event.preventDefault();
    else {
      const key = asInReview[event.key] ?? event.key;
      const button = room().querySelector(`[data-key="${CSS.escape(key)}"]:not(:disabled)`);
      if (!button) return;
      event.preventDefault();
      button.click();
    }
  });
})();
