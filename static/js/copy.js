// A button that copies what stands in a field. Without this script it is hidden, and the field is selected by hand.
(() => {
  "use strict";

  async function copy(field) {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // Over plain http, browsers have only this.
      document.execCommand("copy");
    }
  }

  for (const button of document.querySelectorAll("button[data-copies]")) {
    const field = document.getElementById(button.dataset.copies);
    button.hidden = false;
    button.addEventListener("click", () => copy(field).then(() => { button.textContent = button.dataset.copied; }));
  }
})();
