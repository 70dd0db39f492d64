// A recorded training on a page of its own: the network at the epochs that were kept, without a server.

import { counted, find, findAll, make, percent, rounded } from "./dom.js";
import { bare } from "./input-names.js";
import { pixelName } from "./ink.js";
import { NetworkView } from "./network-view.js";
import { OutputView } from "./output-view.js";
import { Probe } from "./probe.js";
import { drawCurve, epochAt } from "./recording-curve.js";
import { frameOf, open, probe, scoresOf } from "./recording-frame.js";
import { Weights } from "./recording-weights.js";
import { SidePanel } from "./side-panel.js";
import { Theme } from "./theme.js";

const SECONDS = 12; // of the whole recording
const MAX_WEIGHTS = 64; // of a neuron, with sliders

const table = (values, width) => Array.from({ length: values.length / width }, (_, row) => [...values.subarray(row * width, (row + 1) * width)]);

class Player {
  constructor(recording) {
    const { data, layout, arrays } = recording;
    Object.assign(this, { recording, facts: data, points: arrays, kept: table(arrays.kept, 5), curve: table(arrays.measured, 3), edits: new Map() });
    Object.assign(this, { view: { tests: true, discrete: false, probe: "" }, state: { data: null }, side: new SidePanel(find("#side")) });
    this.line = { send: (_, { row = -1 }) => this.probe.take(probe({ row, at: this.probe.point.at }, this.weights, recording)) };
    this.theme = new Theme(find("#theme"), () => this.repaint());
    this.panel = { place: 0, root: document.body, data, settings: recording.settings, facts: { layout }, header: { playing: false }, neuron: (...place) => this.neuron(...place), inputName: (...place) => this.inputName(...place) };
    this.panel.output = this.output = new OutputView(find(".output"));
    this.panel.network = this.network = new NetworkView(find(".network"), {
      activations: [],
      hover: (picture) => this.output.hover(picture),
      open: (...place) => this.openNeuron(...place),
      tip: (text, event) => this.tip(text, event),
    });
    this.panels = [this.panel];
    this.probe = new Probe(this);
    this.probe.addTo(this.panel);
    this.sliders = new Weights(this.side, { edit: (index, value) => this.edit([[index, value]]), putBack: (indices) => this.putBack(indices) });
    this.describe();
    this.listen();
    this.go(this.kept.length - 1);
  }

  get playing() {
    return Boolean(this.timer);
  }

  writeAddress() {}

  describe() {
    const { data, settings, facts, layout, drawn, text, problem } = this.recording;
    this.network.describe({ layout, drawn }, data, settings, {});
    for (const control of findAll(".size, .activation")) control.disabled = true;
    this.output.describe(data);
    find("#text").replaceChildren(...[...text, problem].filter(Boolean).map((each) => make("p", {}, each)));
    find("#facts").replaceChildren(...Object.entries(facts).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
    find(".score-name").textContent = data.classes ? "Accuracy" : "R²";
    find(".test-score-name").textContent = `Test ${data.classes ? "accuracy" : "R²"}`;
    find("#scrub").max = this.kept.length - 1;
    find("#last").textContent = `of ${counted(this.kept.at(-1)[0])}`;
  }

  listen() {
    const keys = { " ": "#play", ".": "#on", ",": "#back" };
    find("#play").addEventListener("click", () => this.play(!this.playing));
    find("#on").addEventListener("click", () => this.pause(this.place + 1));
    find("#back").addEventListener("click", () => this.pause(this.place - 1));
    find("#scrub").addEventListener("input", ({ target }) => this.pause(Number(target.value)));
    find(".curve").addEventListener("click", ({ target, offsetX }) => this.pause(this.nearest(epochAt(target, offsetX, this.kept))));
    find("#changed button").addEventListener("click", () => this.putBack([...this.edits.keys()]));
    for (const box of findAll("[data-view]")) {
      box.addEventListener("change", () => {
        this.view[box.dataset.view] = box.checked;
        this.draw();
      });
    }
    document.addEventListener("keydown", (event) => {
      if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=range]), button, summary")) return;
      event.preventDefault();
      find(keys[event.key]).click();
    });
    new ResizeObserver(() => this.draw()).observe(find(".map"));
  }

  nearest(epoch) {
    const far = ([at]) => Math.abs(at - epoch);
    return this.kept.indexOf(this.kept.reduce((best, each) => (far(each) < far(best) ? each : best)));
  }

  play(on) {
    clearInterval(this.timer);
    this.timer = null;
    if (on) {
      if (this.place === this.kept.length - 1) this.go(0);
      const step = () => (this.place < this.kept.length - 1 ? this.go(this.place + 1) : this.play(false));
      this.timer = setInterval(step, (1000 * SECONDS) / this.kept.length);
    }
    document.body.classList.toggle("playing", on);
    find("#play").setAttribute("aria-pressed", on);
    find("#play").setAttribute("aria-label", on ? "Pause" : "Play");
  }

  pause(place) {
    this.play(false);
    this.go(place);
  }

  // Show the network at one of the epochs that were kept.
  go(place) {
    this.place = Math.max(0, Math.min(this.kept.length - 1, place));
    this.edits.clear();
    this.update();
  }

  edit(changes) {
    this.play(false);
    for (const [index, value] of changes) this.edits.set(index, value);
    this.update();
  }

  putBack(indices) {
    for (const index of indices) this.edits.delete(index);
    this.update();
  }

  update() {
    const { arrays: { weights: all } } = this.recording;
    const count = all.length / this.kept.length;
    this.weights = all.slice(this.place * count, (this.place + 1) * count);
    for (const [index, value] of this.edits) this.weights[index] = value;
    this.panel.header = { playing: false, epoch: this.kept[this.place][0], edits: [...this.edits] };
    this.frame = frameOf(this.weights, this.recording);
    this.write();
    this.draw();
    this.sliders.show(this.weights);
    this.probe.follow();
  }

  write() {
    const [epoch, ...measured] = this.kept[this.place];
    const edited = this.edits.size;
    const [loss, testLoss, score, testScore] = edited ? [null, null, ...scoresOf(this.weights, this.recording)] : measured;
    const written = this.facts.classes ? percent : rounded;
    const values = { ".loss": rounded(loss), ".test-loss": rounded(testLoss), ".score": written(score), ".test-score": written(testScore), "#epoch": counted(epoch) };
    for (const [selector, text] of Object.entries(values)) find(selector).textContent = text;
    find("#scrub").value = this.place;
    find("#scrub").setAttribute("aria-valuetext", `epoch ${counted(epoch)}`);
    find("#changed").hidden = !edited;
    find("#changed span").textContent = `${edited} weight${edited === 1 ? "" : "s"} changed by hand: the scores are those of the points shown.`;
    find(".curve").setAttribute("aria-label", `Loss per epoch. At epoch ${counted(epoch)}: training loss ${rounded(measured[0])}, test loss ${rounded(measured[1])}.`);
  }

  draw() {
    this.output.draw(this.frame, this.points, this.view);
    this.network.draw(this.frame, this.points);
    this.network.write();
    this.output.showValue();
    drawCurve(find(".curve"), this.curve, this.kept[this.place][0]);
  }

  repaint() {
    this.output.fillLegend();
    this.network.showImage();
    this.draw();
  }

  openNeuron(layer, place, row) {
    const neuron = this.neuron(layer, place);
    this.sliders.open(neuron, this.weights, { row, onClose: () => this.network.open(null) });
    this.network.open(neuron);
  }

  // As the panel of the playground describes a neuron.
  neuron(layer, neuron) {
    const { layout, data } = this.recording;
    const { n_in: count, n_out: width, start } = layout[layer];
    const inputs = Array.from({ length: Math.min(count, MAX_WEIGHTS) }, (_, row) => this.inputName(layer, row));
    const last = layer === layout.length - 1;
    const name = last ? `Output ${width === 1 ? data.target : data.classes[neuron]}` : `Layer ${layer + 1}, neuron ${neuron + 1}`;
    return { layer, neuron, name, inputs, index: inputs.map((_, row) => start + row * width + neuron), bias: start + count * width + neuron };
  }

  inputName(layer, row) {
    const { features, inputs, image } = this.facts;
    if (layer > 0) return `neuron ${row + 1}`;
    return image ? pixelName(row, image) : bare(features[row] ?? inputs[row] ?? `input ${row + 1}`, this.facts);
  }

  tip(text, event) {
    const tip = find("#tip");
    Object.assign(tip, { hidden: !text, textContent: text });
    if (!event) return;
    tip.style.left = `${Math.min(event.clientX + 12, innerWidth - 240)}px`;
    tip.style.top = `${event.clientY + 14}px`;
  }
}

window.barenet = new Player(open(JSON.parse(find("#recording").textContent)));
