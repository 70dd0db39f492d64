// The picture of a step: what it shows, enlarges, opens and highlights beside its words.

import { find } from "../dom.js";
import { neuronOf } from "../network/neurons.js";

const HIGHLIGHT = "outline: 3px solid var(--accent); outline-offset: 1px;";
// The frame of a plot lies inside, as numbers are beside it; that of one score meets no other one,
// and that of a setting does not touch its name.
const FRAMES = `&:is(.map, .surface) { outline-offset: -3px; }
  &:is(.scores > div) { outline-width: 2px; outline-offset: 0; }
  &:is(.field) { outline-offset: 2px; }`;
const WEIGHTS = "weights"; // their numbers are written on the links

export class StepPicture {
  constructor(page) {
    Object.assign(this, { page, step: null, isPending: false, opened: null });
    this.sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(this.sheet);
  }

  // Show a step, or none; `probe` and `term`: those of the step, or of its lesson; `epoch`: the one
  // up to which it trains. `isBack`: its network is returned to, and is not trained again.
  show(step, { tab = "Output", probe = "", term = "", epoch = -1, isBack = false } = {}) {
    const isSame = step === this.step;
    Object.assign(this, { step, probe, term, epoch, isBack });
    document.body.dataset.look = step?.look ?? "";
    this.highlight(step?.highlight ?? []);
    if (isSame) return;
    for (const panel of this.page.panels) panel.tabs.open(tab);
    this.isPending = Boolean(step);
    if (!step) this.enlarge("");
  }

  // Whether a point is probed for the words of a step, which take the place of a panel.
  probes(point) {
    const { step, probe } = this;
    const isOfStep = Boolean(step?.probe) || step?.term >= 0;
    return isOfStep && probe === point;
  }

  // Highlights are rules of a style, which hold for elements that are made later, too.
  highlight(names) {
    const { highlights } = this.page.catalog;
    const isMarked = names.includes(WEIGHTS);
    const selectors = names
      .filter((name) => name !== WEIGHTS)
      .map((name) => highlights[name] ?? selectorOf(name));
    const isOfSettings = selectors.some((selector) => find(selector)?.closest(".learning"));
    document.body.classList.toggle("needs-settings", isOfSettings); // seen first on a phone
    const isOfMatrix = names.includes("confusion");
    document.body.classList.toggle("needs-matrix", isOfMatrix); // in the place of the map
    if (isOfMatrix) for (const { root } of this.page.panels) find(".confused", root).open = true;
    const rules = selectors.map((selector) => `${selector} { ${HIGHLIGHT} ${FRAMES} }`);
    this.sheet.replaceSync(rules.join("\n"));
    for (const { network } of this.page.panels) network.writeWeights(isMarked);
  }

  // Once the network of the step is drawn: what needs its numbers, or trains it.
  follow() {
    if (!this.isPending || !this.page.panels[0]?.frame) return;
    this.isPending = false;
    this.enlarge(this.step.enlarge);
    this.openNeuron(this.step.open);
    this.mark();
    this.run();
  }

  // A new worker has the network of the step, and none of its openings: show them once more.
  arrive() {
    this.isPending = Boolean(this.step);
  }

  // The network was built again.
  describe() {
    if (!this.step) return;
    this.highlight(this.step.highlight);
    this.enlarge(this.step.enlarge);
  }

  enlarge(name) {
    for (const { network } of this.page.panels) network.enlarge(name && keyOf(name, network));
  }

  // On a phone, a panel would cover the words: there, the neuron is opened by a tap.
  openNeuron(name) {
    const { neuron, panels, side } = this.page;
    const isNarrow = matchMedia("(max-width: 980px)").matches;
    if (name && !isNarrow) {
      const [column, place] = keyOf(name, panels[0].network).split(".").map(Number);
      const opened = neuronOf(panels[0], column - 1, place - 1);
      neuron.open(opened, panels[0], { takesFocus: false });
      this.opened = name;
    } else if (this.opened) {
      side.close();
      this.opened = null;
    }
  }

  // The probed point, and the term at which its pass rests.
  mark() {
    const { page, probe, term } = this;
    const { probe: tool, passes } = page;
    if (!probe) {
      if (tool.point?.at) tool.end();
      return;
    }
    const isOther = page.view.probe !== probe || !tool.point;
    page.view.pass = term;
    if (!term && passes.isOpen) passes.close();
    if (isOther) {
      const point = tool.near(...probe.split("~").map(Number));
      if (this.probes(probe)) tool.choose(point, { opens: false });
      else tool.choose(point, { takesFocus: false });
    }
    if (!term) return;
    const [first] = passes.passes;
    if (passes.isOpen) first.go(Number(term));
    else passes.follow();
  }

  // Train up to the epoch of the step, or start again.
  run() {
    const { epoch } = this;
    const { line, panels } = this.page;
    if (this.isBack) return;
    if (epoch === 0) line.send("reset");
    else if (epoch > panels[0].header.epoch) line.send("run_to", { epoch });
  }
}

// The key of a neuron: its column, and its place from 1.
function keyOf(name, { network }) {
  if (name === "y") return `${network.layout.length}.1`;
  if (name.startsWith("x")) return `0.${name.slice(1)}`;
  return name;
}

function selectorOf(name) {
  if (name === "y") return ".column.answers .neuron";
  const key = name.startsWith("x") ? `0.${name.slice(1)}` : name;
  return `.network .neuron[data-key="${key}"]`;
}

// Whether the arrow keys belong to what has the focus, and not to the lesson.
export function hasKeysOfItsOwn(target) {
  const fields = "input, select, textarea, dialog, canvas, [role=tab], [role=radio]";
  return Boolean(target.closest(`${fields}, .backward-pass`)) || find("dialog[open]") !== null;
}
