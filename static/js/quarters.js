// While the slider of quarters is moved, it says which day it stands for. htmx then shows that day.
(() => {
  "use strict";
  document.addEventListener("input", (event) => {
    const slider = event.target;
    if (slider.id !== "quarter") return;
    const day = slider.list?.querySelector(`option[value="${slider.value}"]`)?.label;
    if (!day) return;
    slider.setAttribute("aria-valuetext", day);
    slider.form.querySelector("output").textContent = day;
  });
})();
