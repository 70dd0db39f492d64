// The whole state in the address: the settings that differ from those that suit its data, by readable names.

import { suited } from "./settings.js";

const PREFIXES = ["", "b."];
const OF_NETWORK = "net.";
const EDITS = "net.edits";

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
// A name of a column may hold what parts the names.
const guard = (part) => String(part).replaceAll("%", "%25").replaceAll("~", "%7E");
const unguard = (part) => part.replaceAll("%7E", "~").replaceAll("%25", "%");
const write = (value) => (Array.isArray(value) ? value.map(guard).join("~") : String(value));

function read(text, like, name) {
  if (Array.isArray(like)) {
    if (text === "") return [];
    return text.split("~").map((part) => (name === "hidden" ? Number(part) : unguard(part)));
  }
  if (typeof like === "number") return Number(text);
  if (typeof like === "boolean") return text === "true";
  return text;
}

// Weights that were changed by hand: epoch, index and value of each.
const MAX_EDITS = 64;
const writeEdits = (edits) => edits.map(({ epoch, index, value }) => `${epoch}_${index}_${value}`).join("*");
const readEdits = (text) => (text ? text.split("*").slice(0, MAX_EDITS).map(readEdit) : []);
function readEdit(text) {
  const [epoch, index, value] = text.split("_").map(Number);
  return { epoch, index, value };
}

// The source of the data is named data in an address.
const withName = ({ source, ...rest }) => ({ data: source, ...rest });

export function toHash(state, view, catalog, edits) {
  const words = new URLSearchParams();
  const usual = suited(catalog, state.data.source);
  const put = (prefix, fields, usual) => {
    for (const [name, value] of Object.entries(fields)) {
      if (!same(value, usual[name])) words.set(prefix + name, write(value));
    }
  };
  put("", withName(state.data), { ...withName(usual.data), data: catalog.defaults.data.source });
  state.networks.forEach((settings, index) => put(PREFIXES[index] + OF_NETWORK, settings, usual.networks[0]));
  edits.forEach((each, index) => each.length && words.set(PREFIXES[index] + EDITS, writeEdits(each)));
  if (state.networks.length > 1) words.set("networks", "2");
  if (state.pace !== usual.pace) words.set("pace", state.pace);
  for (const [name, value] of Object.entries(view)) if (value) words.set(name, value);
  return words.toString();
}

// A lesson without settings begins with its own.
function begin(words, catalog) {
  const lesson = [...words].length === 1 && catalog.lessons.find((each) => each.name === words.get("lesson"));
  return lesson ? new URLSearchParams(`${lesson.address}&begun=true`) : words;
}

export function fromHash(hash, catalog) {
  const words = begin(new URLSearchParams(hash.replace(/^#/, "")), catalog);
  const usual = suited(catalog, words.get("data") ?? catalog.defaults.data.source);
  const take = (prefix, usual) => {
    const found = {};
    for (const name of Object.keys(usual)) {
      if (words.has(prefix + name)) found[name] = read(words.get(prefix + name), usual[name], name);
    }
    return { ...structuredClone(usual), ...found };
  };
  const count = words.get("networks") === "2" ? 2 : 1;
  const networks = PREFIXES.slice(0, count).map((prefix) => take(prefix + OF_NETWORK, usual.networks[0]));
  for (const settings of networks) evenOut(settings);
  const { data: source, ...data } = take("", withName(usual.data));
  return {
    state: {
      data: { source, ...data },
      networks,
      pace: words.has("pace") ? Number(words.get("pace")) : usual.pace,
    },
    view: { tests: words.has("tests"), discrete: words.has("discrete"), log: words.has("log"), hide: words.get("hide") ?? "", lesson: words.get("lesson") ?? "", probe: words.get("probe")?.match(/^-?[\d.]+~-?[\d.]+$/)?.[0] ?? "" },
    edits: networks.map((_, index) => readEdits(words.get(PREFIXES[index] + EDITS))),
    epoch: Number(words.get("epoch")) || 0,
    begun: words.has("begun"),
    empty: [...words].length === 0,
  };
}

// Give every layer an activation: an address may name layers alone.
export function evenOut(settings) {
  const last = settings.activations.at(-1) ?? "tanh";
  settings.activations = settings.hidden.map((_, index) => settings.activations[index] ?? last);
}
