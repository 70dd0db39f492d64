// The address: the settings, which the server reads and writes, with the view, edits of weights, and the epoch.

import { languageQuery } from "../language.js";

const EDITS = ["net.edits", "b.net.edits"];
const MAX_EDITS = 64;
const FLAGS = ["tests", "discrete", "log"];
const PLACE = /^-?[\d.]+~-?[\d.]+$/; // of the probe: two shares of the plane
const TERM = /^\d{1,5}$/; // at which the pass of the probed point rests
const STEP = /^\d{1,2}$/; // of a lesson, from 1

// Weights that were changed by hand: epoch, index and value of each.
const writeEdits = (edits) =>
  edits.map(({ epoch, index, value }) => `${epoch}_${index}_${value}`).join("*");
const readEdits = (text) => (text ? text.split("*").slice(0, MAX_EDITS).map(readEdit) : []);
function readEdit(text) {
  const [epoch, index, value] = text.split("_").map(Number);
  return { epoch, index, value };
}

// Whether two networks have the same edits; those of an address may be in any order.
export const haveSameEdits = (edits, others) => inOrder(edits) === inOrder(others);
const inOrder = (edits) => writeEdits(edits.toSorted((one, other) => one.epoch - other.epoch));

// `address`: the settings as the server writes them.
export function toHash(address, view, edits) {
  const words = new URLSearchParams(address);
  edits.forEach((editsOfNetwork, index) => {
    if (editsOfNetwork.length) words.set(EDITS[index], writeEdits(editsOfNetwork));
  });
  for (const [name, value] of Object.entries(view)) {
    if (value) words.set(name, value);
  }
  return words.toString().replaceAll("%7E", "~"); // as people write it
}

// The hash that the page has read or written last.
let known = null;

export function noteHash() {
  known = location.hash;
}

// Without a server, the address may name a file of lessons; with one, it may hold a secret. A hash
// that the page has yet to read, of a link that was clicked, stays.
export function replaceHash(hash, { worker }) {
  if (location.hash !== known) return;
  const address = worker ? `#${hash}` : `${location.pathname}${languageQuery()}#${hash}`;
  history.replaceState(null, "", address);
  noteHash();
}

// The place of a step in its lesson, from the number in an address.
export function placeOf(step, { steps }) {
  return Math.max(0, Math.min(Number(step || 1), steps.length) - 1);
}

// The last step up to a place that has a state of its own; −1 for the state of the lesson.
export const sectionOf = ({ steps }, place) =>
  steps.findLastIndex(({ state }, index) => state && index <= place);

// A lesson without settings begins with its own, and a step with those of its section.
function begin(words, lessons) {
  const isPlain = [...words.keys()].every((name) => name === "lesson" || name === "step");
  const lesson = lessons.find(({ name }) => name === words.get("lesson"));
  if (!isPlain || !lesson) return words;
  const place = placeOf(words.get("step"), lesson);
  const section = sectionOf(lesson, place);
  const address = section < 0 ? lesson.address : lesson.steps[section].state;
  const settings = new URLSearchParams(address);
  settings.delete("step");
  if (place > 0) settings.set("step", place + 1);
  settings.set("begun", true);
  return settings;
}

export function fromHash(hash, { lessons }) {
  const settings = new URLSearchParams(hash.replace(/^#/, ""));
  settings.delete("lang"); // it is that of the page, and no setting
  const words = begin(settings, lessons);
  const flags = Object.fromEntries(FLAGS.map((name) => [name, words.has(name)]));
  const networks = words.get("networks") === "2" ? 2 : 1;
  const probe = words.get("probe") ?? "";
  const pass = words.get("pass") ?? "";
  const step = words.get("step") ?? "";
  return {
    address: words.toString(),
    view: {
      ...flags,
      hide: words.get("hide") ?? "",
      lesson: words.get("lesson") ?? "",
      step: STEP.test(step) ? step : "",
      probe: PLACE.test(probe) ? probe : "",
      pass: TERM.test(pass) ? pass : "",
    },
    edits: EDITS.slice(0, networks).map((name) => readEdits(words.get(name))),
    epoch: Number(words.get("epoch")) || 0,
    begun: words.has("begun"),
    passed: words.get("passed"),
  };
}
