/* Controls of the theme get the names that are seen, for screen readers and for voice control. */

function nameFolds() {
  for (const summary of document.querySelectorAll("details > summary")) {
    if (summary.textContent.trim()) continue;
    const above = summary.closest("li")?.querySelector("a");
    if (above) summary.ariaLabel = `Pages below ${above.textContent.trim()}`;
  }
}

addEventListener("DOMContentLoaded", () => {
  nameFolds();
  // Their text is their name, also where a small window hides it; the label of the theme is another.
  const labelled = "button.search-button__button, summary[aria-label='Toggle hidden content']";
  for (const control of document.querySelectorAll(labelled))
    control.ariaLabel = control.textContent.trim().replaceAll(/\s+/g, " ");
});
