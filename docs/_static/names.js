/* For screen readers and voice control: controls of the theme get the names that are seen. */

function nameFolds() {
  for (const summary of document.querySelectorAll("details > summary")) {
    if (summary.textContent.trim()) continue;
    const above = summary.closest("li")?.querySelector("a");
    if (above) summary.ariaLabel = `Pages below ${above.textContent.trim()}`;
  }
}

// A header of a table that has no word heads nothing: it is a cell.
function emptyHeadersToCells() {
  for (const header of document.querySelectorAll("th")) {
    if (header.textContent.trim()) continue;
    const cell = document.createElement("td");
    cell.className = header.className;
    header.replaceWith(cell);
  }
}

// A line of a calculation that scrolls is reached by the keyboard, as the theme does for code.
function focusScrolledLines() {
  for (const line of document.querySelectorAll(".barenet-explain .line > div"))
    if (line.scrollWidth > line.clientWidth) line.tabIndex = 0;
}

addEventListener("load", focusScrolledLines);
addEventListener("DOMContentLoaded", () => {
  nameFolds();
  emptyHeadersToCells();
  // Their text is their name, also where a small window hides it; the label of the theme is another.
  const labelled = "button.search-button__button, summary[aria-label='Toggle hidden content']";
  for (const control of document.querySelectorAll(labelled))
    control.ariaLabel = control.textContent.trim().replaceAll(/\s+/g, " ");
});
