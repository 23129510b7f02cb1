// The shared screen: how long the group has talked about a question, and deciding and moving by keyboard.
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
  const form = document.querySelector("form.agree"), help = document.getElementById("review-keys");
  // One press of a key decides once, whatever happens before the next question is there.
  let isDeciding = false;
  function decide(key) {
    const radio = form?.querySelector(`[data-key="${key}"] input`), button = form?.querySelector("[data-decides]");
    if (!radio || !button || isDeciding) return;
    radio.checked = true;
    const reason = radio.value === "NA" ? form.elements.reason : null;
    if (reason && !reason.value.trim()) { reason.focus(); return; }
    isDeciding = true;
    form.requestSubmit(button);
  }
  const steps = { n: "next", ArrowRight: "next", p: "previous", ArrowLeft: "previous" };
  const isTyping = (target) => target.matches("textarea, select, input:not([type=radio])");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const isAmongRadios = event.target.matches("input[type=radio]");
    if (/^[1-9m]$/.test(event.key)) decide(event.key);
    else if (event.key === "?") help?.showModal();
    else if (event.key === "c" && form) { event.preventDefault(); form.elements.note.focus(); }
    // Among the answers, arrows choose.
    else if (!isAmongRadios || event.key.length === 1) {
      const step = steps[event.key];
      if (step) document.querySelector(`[data-step="${step}"]:not(:disabled)`)?.click();
    }
  });
  window.addEventListener("pageshow", () => { isDeciding = false; });
  document.querySelectorAll(".keys-hint, .key-of").forEach((hint) => { hint.hidden = false; });
})();
