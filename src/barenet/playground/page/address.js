// The address: the settings, which the server reads and writes, with the view, edits of weights, and the epoch.

const EDITS = ["net.edits", "b.net.edits"];
const MAX_EDITS = 64;
const FLAGS = ["tests", "discrete", "log"];
const PLACE = /^-?[\d.]+~-?[\d.]+$/; // of the probe: two shares of the plane
const ROW = /^\d{1,8}$/; // of a table, that is probed
const TERM = /^\d{1,5}$/; // at which the pass of the probed point rests

// Weights that were changed by hand: epoch, index and value of each.
const writeEdits = (edits) =>
  edits.map(({ epoch, index, value }) => `${epoch}_${index}_${value}`).join("*");
const readEdits = (text) => (text ? text.split("*").slice(0, MAX_EDITS).map(readEdit) : []);
function readEdit(text) {
  const [epoch, index, value] = text.split("_").map(Number);
  return { epoch, index, value };
}

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

// Without a server, the address may name a file of lessons; with one, it may hold a secret.
export function replaceHash(hash, { worker }) {
  history.replaceState(null, "", worker ? `#${hash}` : `${location.pathname}#${hash}`);
}

// A lesson without settings begins with its own.
function begin(words, lessons) {
  if ([...words].length !== 1) return words;
  const lesson = lessons.find(({ name }) => name === words.get("lesson"));
  if (!lesson) return words;
  return new URLSearchParams(`${lesson.address}&begun=true`);
}

export function fromHash(hash, { lessons }) {
  const words = begin(new URLSearchParams(hash.replace(/^#/, "")), lessons);
  const flags = Object.fromEntries(FLAGS.map((name) => [name, words.has(name)]));
  const networks = words.get("networks") === "2" ? 2 : 1;
  const probe = words.get("probe") ?? "";
  const row = words.get("row") ?? "";
  const pass = words.get("pass") ?? "";
  return {
    address: words.toString(),
    view: {
      ...flags,
      hide: words.get("hide") ?? "",
      lesson: words.get("lesson") ?? "",
      probe: PLACE.test(probe) ? probe : "",
      row: ROW.test(row) ? row : "",
      pass: TERM.test(pass) ? pass : "",
    },
    edits: EDITS.slice(0, networks).map((name) => readEdits(words.get(name))),
    epoch: Number(words.get("epoch")) || 0,
    begun: words.has("begun"),
    passed: words.get("passed"),
  };
}
