// The shared screen: how long the group has talked about a question, and next and previous by keyboard.
(() => {
  "use strict";
  const timer = document.querySelector(".timer");
  const clock = timer?.querySelector("[data-clock]");
  if (clock) {
    const since = Date.parse(timer.dataset.since);
    const show = () => {
      const seconds = Math.max(0, Math.floor((Date.now() - since) / 1000));
      clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    };
    show();
    setInterval(show, 1000);
  }

  if (!document.querySelector("[data-review-keys]")) return;
  const steps = { n: "next", ArrowRight: "next", p: "previous", ArrowLeft: "previous" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
    const step = steps[event.key];
    if (step) document.querySelector(`[data-step="${step}"]:not(:disabled)`)?.click();
  });
  document.querySelectorAll(".keys-hint").forEach((hint) => { hint.hidden = false; });
})();
