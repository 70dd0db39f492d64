// One neuron: an explanation of its picture, its weights to be changed, and the last step in numbers.

import { Query } from "./query.js";
import { button, make, table } from "./dom.js";
import { explained } from "./explained.js";
import { sliceWords } from "./input-names.js";
import { drawPortrait } from "./neuron-picture.js";
import { writeAxes } from "./plane-axes.js";
import { question, sentences, sum } from "./neuron-words.js";
import { number, ruleOf, stepLines } from "./step-words.js";

const CALM = 120; // milliseconds between two pictures while it learns
const MANY = 9; // weights that need not be scrolled
const LONG = 20; // letters of a name that is wrapped
const PLAIN = ["x1", "x2"];

export class NeuronPanel {
  constructor(page) {
    Object.assign(this, { page, showing: false, root: make("div", { id: "neuron" }) });
    new ResizeObserver(() => this.repaint()).observe(this.root);
  }

  get isOpen() {
    return this.page.side.shows(this.root);
  }

  // `neuron`: { place, name, layer, neuron, inputs: names, index: place of each weight, bias }.
  open(neuron, panel, row) {
    Object.assign(this, { neuron, panel, answer: null, written: "", query: new Query(this.page, "view_neuron", panel, CALM) });
    this.about = aboutOf(neuron, panel);
    this.build(panel.frame?.weights ?? []);
    this.page.side.open(neuron.name, this.root, () => this.panel.network.open(null));
    panel.network.open(neuron);
    if (row !== undefined) this.fields[row].number.select();
    this.follow();
  }

  // A new state: the network may have another form, or be gone.
  describe() {
    if (!this.isOpen) return;
    const { layer, neuron } = this.neuron;
    const { layout } = this.panel.facts;
    if (!this.page.panels.includes(this.panel) || neuron >= (layout[layer]?.n_out ?? 0)) return this.page.side.close();
    const now = this.panel.neuron(layer, neuron);
    if (JSON.stringify([now, aboutOf(now, this.panel)]) === JSON.stringify([this.neuron, this.about])) return;
    this.panel.network.open(null);
    this.open(now, this.panel);
  }

  build(weights) {
    this.canvas = make("canvas", { className: "portrait", role: "img" });
    this.why = make("div", { className: "why" });
    this.back = button("Put back", () => this.putBack(), { className: "button", hidden: true });
    const onward = button(`Next: ${this.about.next} →`, () => this.open(this.panel.neuron(this.neuron.layer + 1, 0), this.panel), { hidden: this.about.last });
    this.root.replaceChildren(
      make("div", { className: "likeness" }, this.plot(), make("p", { className: "hint" }, this.about.hint)),
      this.why,
      this.table(weights),
      make("p", { className: "orders" }, this.back, onward),
      this.steps(),
    );
  }

  plot() {
    const plot = make("div", { className: "plot" }, sliceNote(this.panel.data), this.canvas);
    writeAxes(plot, this.panel.data);
    return plot;
  }

  table(weights) {
    this.fields = this.about.inputs.map((name, row) => this.field(name, row, weights[this.neuron.index[row]]));
    this.fields.push(this.field("bias", -1, weights[this.neuron.bias]));
    const table = make("table", { className: "weights" }, make("tbody", {}, ...this.fields.map((field) => field.row)));
    return make("div", { className: this.fields.length > MANY ? "many" : "" }, table);
  }

  field(name, row, value) {
    const reach = Math.max(3, Math.ceil(2 * Math.abs(value ?? 0)));
    const slide = make("input", { type: "range", min: -reach, max: reach, step: "any", "aria-label": row < 0 ? "Move the bias" : `Move the weight of ${name}` });
    const number = make("input", { type: "number", step: "any", "aria-label": row < 0 ? "Bias" : `Weight of ${name}` });
    const field = { slide, number, row: make("tr", {}, make("th", { scope: "row", className: name.length > LONG ? "long" : "" }, row < 0 ? "bias" : `weight of ${name}`), make("td", {}, slide), make("td", {}, number)) };
    slide.addEventListener("input", () => this.move(field, row, Number(slide.value)));
    number.addEventListener("change", () => number.value !== "" && this.move(field, row, Number(number.value)));
    write(field, value);
    return field;
  }

  move(field, row, value) {
    if (this.back.hidden) this.first = this.fields.map((each) => each.value);
    this.back.hidden = false;
    write(field, value);
    this.edit(row, value);
  }

  edit(row, value) {
    const { place, layer, neuron } = this.neuron;
    this.page.line.send("edit", { network: place, layer, row, column: neuron, value });
  }

  putBack() {
    this.back.hidden = true;
    this.fields.forEach((field, place) => {
      const row = place === this.fields.length - 1 ? -1 : place;
      const value = this.first[place];
      if (value !== field.value) this.edit(row, value);
      write(field, value);
    });
  }

  // Below: the last step, number by number.
  steps() {
    this.state = make("p", { className: "hint" });
    const order = (action, label, title) => button(label, () => this.page.line.send(action), { className: "button", title });
    this.pause = order("pause", "Pause", "Pause, to read its numbers");
    this.takers = [order("batch", "Take one batch", "A single update of the weights"), order("step", "Take one epoch", "One pass over all training points")];
    this.summary = make("div", { className: "summary" });
    this.numbers = make("div", { className: "numbers", tabIndex: 0, role: "region", "aria-label": "The last step, of all points" });
    this.whole = make("details", { hidden: true }, make("summary", {}, "All points, in formulas and matrices"), this.numbers);
    const details = make("details", { open: this.showing }, make("summary", {}, "The last step, number by number"),
      make("p", { className: "orders" }, this.pause, ...this.takers), this.state, this.summary, this.whole);
    details.addEventListener("toggle", () => {
      this.showing = details.open;
      if (details.open) this.requestStep(this.panel.header);
    });
    return details;
  }

  // Update the weights, but for a control in use.
  follow() {
    const { header, frame } = this.panel ?? {};
    if (!this.isOpen || !header) return;
    this.request();
    const weights = frame?.weights ?? [];
    if (weights.length) this.fields.forEach((field, place) => {
      if (field.number === document.activeElement || field.slide === document.activeElement) return;
      write(field, weights[this.neuron.index[place] ?? this.neuron.bias]);
    });
    this.requestStep(header);
  }

  request() {
    const { layer, neuron } = this.neuron;
    this.query.send({ layer, neuron });
  }

  take(message) {
    if (message.type === "neuron") this.show(message);
    if (message.type === "explanation") this.explain(message);
  }

  // Show the server's view of the neuron.
  show(answer) {
    this.query.answered();
    if (!this.isMine(answer)) return;
    this.answer = answer;
    const [adding, line, moving] = sentences(this.about, answer);
    this.why.replaceChildren(make("h3", {}, question(this.about, answer)), make("p", {}, adding), make("p", { className: "sum" }, sum(this.about, answer)), make("p", {}, line), make("p", {}, moving));
    this.canvas.setAttribute("aria-label", `${this.neuron.name}: its sum is above 0 in ${Math.round(100 * answer.positive)} % of the plane`);
    this.repaint();
    this.request();
  }

  repaint() {
    if (this.isOpen && this.answer) drawPortrait(this.canvas, this.answer, this.panel, this.page.points, this.page.view);
  }

  // Request the numbers of the last step, if there is one and the panel is open.
  requestStep({ playing, explained: known, epoch, batch }) {
    this.pause.hidden = !playing;
    for (const each of this.takers) each.hidden = playing;
    const key = known && !playing ? `${epoch}.${batch[0]}` : "";
    if (playing) this.state.textContent = "It is learning. Pause to see the numbers of its last step.";
    else if (!key) this.state.textContent = "Take a step to see its numbers here: the inputs, the output, the gradient of each weight, and its change.";
    this.state.hidden = Boolean(key);
    this.whole.hidden = !key;
    if (!key) for (const place of [this.summary, this.numbers]) place.replaceChildren();
    if (!this.showing) this.written = "";
    else if (key !== this.written) {
      this.written = key;
      const { place, layer, neuron } = this.neuron;
      if (key) this.page.line.send("explain", { network: place, layer, neuron });
    }
  }

  // Show the server's explanation.
  explain(answer) {
    if (!this.isMine(answer) || !this.written) return;
    const about = { ...this.about, activation: this.answer.activation };
    const lines = stepLines(about, answer.summary).map(({ words, sum: shown }) => make("li", {}, make("p", {}, words), make("p", { className: "sum" }, shown)));
    this.summary.replaceChildren(make("ol", {}, ...lines, make("li", {}, make("p", {}, ruleOf(about, answer.summary)), this.moved(answer.summary))));
    this.numbers.replaceChildren(...explained(answer.html));
  }

  // The change of each weight.
  moved({ gradient, before, after }) {
    const names = [...this.about.inputs, "bias"];
    const columns = [["gradient", gradient], ["before", before], ...(after ? [["step", after.map((value, row) => value - before[row])], ["after", after]] : [])];
    const rows = names.map((name, row) => [name, ...columns.map(([, values]) => number(values[row], 4))]);
    const region = { className: rows.length > MANY ? "many" : "", tabIndex: 0, role: "region", "aria-label": "The weights before and after the step" };
    return make("div", region, table(["weight of", ...columns.map(([name]) => name)], rows, "moved"));
  }

  isMine({ network, layer, neuron }) {
    return this.isOpen && network === this.neuron.place && layer === this.neuron.layer && neuron === this.neuron.neuron;
  }
}

function write(field, value) {
  if (value === undefined || value === null) return;
  field.value = value;
  field.number.value = +value.toPrecision(4);
  const reach = Number(field.slide.max);
  if (Math.abs(value) > reach) {
    field.slide.max = Math.ceil(2 * Math.abs(value));
    field.slide.min = -field.slide.max;
  }
  field.slide.value = value;
}

// The facts for the sentences.
function aboutOf({ layer, neuron, name, inputs, terms }, { data, settings, facts }) {
  const last = layer === facts.layout.length - 1;
  const count = facts.layout[layer].n_in;
  const curved = layer > 0 ? [] : inputs.filter((_, row) => data.features.length && !PLAIN.includes(data.features[row]));
  const scaled = data.scaling === "standardize" ? "Inputs are scaled: 0 is their mean, 1 a standard deviation." : "Inputs are as the model scales them.";
  const thin = "Thin: the lines of the neurons before it, where each of them turns from off to on.";
  return {
    layer,
    last,
    next: layer === facts.layout.length - 2 ? "the output" : `layer ${layer + 2}`,
    name: name.replace(/^Output /, ""),
    classes: data.classes,
    standardized: data.target_scaling === "standardize",
    inputs: layer > 0 ? inputs.map((_, row) => `n${subscript(row + 1)}`) : inputs,
    terms,
    count,
    curved,
    curve: data.curve,
    index: neuron,
    dropout: settings.dropout,
    optimizer: settings.optimizer,
    penalty: settings.penalty_rate ? settings.penalty : "none",
    normed: settings.batch_norm && !last,
    hint: `Thick: ${last && facts.layout[layer].n_out > 1 ? "the decision boundary of this class" : "where z is 0"}. ${layer === 0 ? `The arrow points to where z grows. ${scaled}` : thin}`,
  };
}

function sliceNote(data) {
  const words = sliceWords(data);
  return make("p", { className: "slice", hidden: !words }, words);
}

const subscript = (number) => [...String(number)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]).join("");
