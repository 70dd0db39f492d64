/* A question at the end of a lesson: checks a number, and opens the explanation below once it is right. */

const toNumber = (text) => Number.parseFloat(text.trim().replace(",", ".").replace("\u2212", "-"));

function judge(given, { answer, within }) {
  if (Number.isNaN(given)) return "Enter a number.";
  if (Math.abs(given - answer) <= within) return "Right.";
  return `Not yet: the answer is ${given < answer ? "greater" : "smaller"}.`;
}

addEventListener("DOMContentLoaded", () =>
  document.querySelectorAll("form.self-check").forEach((form) => {
    form.hidden = false; // without a script, it could not answer
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const verdict = judge(toNumber(form.querySelector("input").value), form.dataset);
      form.querySelector("output").textContent = verdict;
      if (verdict === "Right.") form.nextElementSibling.open = true;
    });
  }),
);
