// The progress of learners: that of one in words, and that of a class in a table.

import { button, find, make, table } from "../dom.js";
import { copy } from "../io/export-panel.js";
import { t } from "../language.js";

// Where an address or a command begins, also without a space after the name.
const LINK = /https?:|barenet play/;
// A last word that is an address without https, or a part of a command.
const LAST_WORD = /\S*[/\d"]\S*$/;

// The progress in an address, in words for the learner and for a teacher.
export function progressWords(numbers, lessons) {
  const places = placesOf(numbers);
  if (!places)
    return t`This link names no lesson: numbers belong after #passed=, as in #passed=1.2.`;
  const given = places.filter((each) => lessons[each - 1]);
  const unknown = unknownWords(places, lessons);
  const words = given.length
    ? t`${given.length} of ${lessons.length} lessons passed: ${given.join(", ")}.`
    : t`${0} of ${lessons.length} lessons passed.`;
  return [words, unknown].filter(Boolean).join(" ");
}

// The numbers after #passed=, none of them if nothing follows; null if words do.
export function placesOf(text) {
  const [numbers] = text.match(/^\d*([.,] ?\d+)*/);
  const isWord = /^[\p{L}\d]/u.test(text);
  if (!numbers && isWord) return null;
  return (numbers.match(/\d+/g) ?? []).map(Number);
}

// The words for numbers that no lesson of this course has; empty if there are none.
function unknownWords(places, lessons) {
  const unknown = places.filter((each) => !lessons[each - 1]);
  return unknown.length ? t`This course has no lesson ${unknown.join(", ")}.` : "";
}

// Fill the table of a class while a teacher pastes lines. `catalog`: its lessons and their file.
export function connectClass(dialog, catalog) {
  const place = find(".many", dialog);
  const lines = find("textarea", dialog);
  const orders = make("p", { className: "orders" });
  place.after(orders);
  lines.addEventListener("input", () => {
    const { learners, faults } = readClass(lines.value, catalog.lessons, catalog.course);
    const rows = rowsOf(learners, catalog.lessons);
    const [head, ...body] = rows;
    const words = faults.map((fault) => make("p", { className: "hint" }, fault));
    place.replaceChildren(table(head, body), ...words);
    orders.replaceChildren(...(learners.length ? [copyButton(rows)] : []));
  });
}

// The learners of the pasted lines, one for each name, with the numbers of their lessons, and a
// message for each line that cannot be read.
function readClass(text, lessons, course) {
  const learners = [];
  const faults = [];
  text.split("\n").forEach((line, place) => {
    if (!line.trim()) return;
    const [before, after] = line.split("#passed=");
    const name = nameOf(before);
    const where = `${t`Line ${place + 1}`}${name && ` (${name})`}`;
    if (after === undefined) return faults.push(`${where}: ${t`no #passed=… found.`}`);
    const from = courseOf(before);
    if (from !== null && from !== fileOf(course))
      return faults.push(
        `${where}: ${t`this is progress in ${from}, and the table is for ${fileOf(course)}.`}`,
      );
    const done = placesOf(after);
    if (!done) return faults.push(`${where}: ${t`no number follows #passed=.`}`);
    const unknown = unknownWords(done, lessons);
    if (unknown) faults.push(`${where}: ${unknown}`);
    addTo(learners, name || t`Learner ${learners.length + 1}`, done);
  });
  return { learners, faults };
}

// The name before a link, without the punctuation between them.
function nameOf(before) {
  const [start] = before.split(LINK);
  const name = start === before ? before.replace(LAST_WORD, "") : start;
  return name.replace(/[\s:,;]+$/, "").trim();
}

// A learner who sent progress twice is one learner, who has passed the lessons of both.
function addTo(learners, name, done) {
  const same = learners.find((learner) => learner.name.toLowerCase() === name.toLowerCase());
  if (same) same.done.push(...done);
  else learners.push({ name, done });
}

function rowsOf(learners, lessons) {
  const numbers = lessons.map((_, index) => index + 1);
  const head = [t`Learner`, ...numbers.map(String)];
  const body = learners.map(({ name, done }) => [
    name,
    ...numbers.map((number) => (done.includes(number) ? "✓" : "")),
  ]);
  return [head, ...body];
}

// Copy the table as a spreadsheet takes it: a line for each row, with tabs between its cells.
function copyButton(rows) {
  const text = rows.map((row) => row.join("\t")).join("\n");
  return button(
    t`Copy the table`,
    async ({ currentTarget }) => {
      const isCopied = await copy(text);
      currentTarget.textContent = isCopied ? t`Copied` : t`Select and copy by hand`;
    },
    { className: "text", type: "button" },
  );
}

// The lessons of an address or a command with progress; null if there is only the progress.
function courseOf(text) {
  if (!LINK.test(text)) return null;
  const command = text.match(/barenet play (.*)/);
  if (command) return fileOf(command[1]);
  const query = new URLSearchParams(text.split("?").pop());
  return fileOf(query.get("lessons") ?? "");
}

// The name of a file without its folder, and without the quotes of a shell or of a word processor.
const fileOf = (path) =>
  path
    .replace(/\\?["'“”„‘’]/g, "")
    .trim()
    .split(/[/\\]/)
    .pop() || t`the playground's own lessons`;
