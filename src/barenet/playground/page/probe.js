// The probe: a point of the plane or of the data, the value that each neuron has for it, and its
// error on the way back. The server computes both.

import { css, palette } from "./colours.js";
import { counted, find, findAll, make, rounded } from "./dom.js";
import { axisNames } from "./input-names.js";
import { ErrorView } from "./probe-error.js";
import { inputsOf, product, Tree } from "./probe-tree.js";
import { number } from "./step-words.js";

const NEAR = 0.025; // of the map's side
const LOST = 2000; // milliseconds after which an answer is not waited for
const SEEK = 200; // batches

export class Probe {
  constructor(page) {
    Object.assign(this, { page, point: null, views: [] });
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.point && !find("dialog[open]") && page.side.close());
  }

  addTo(panel) {
    const { output } = panel;
    output.canvas.addEventListener("click", ({ offsetX, offsetY }) => {
      this.choose(this.near([offsetX / output.canvas.clientWidth, 1 - offsetY / output.canvas.clientHeight]));
    });
    output.overlay = (canvas, ratio) => this.point && drawMark(canvas, this.point.at, panel.data.curve, ratio);
    const button = make("button", { className: "text probe-open", type: "button", title: "Follow one point through the network; or click the map" }, "Probe a point");
    button.addEventListener("click", () => {
      this.choose(this.point ?? this.ofRow(this.rows()[0]));
      find("button", this.content).focus();
    });
    find(".map-view .checks", panel.root).append(button);
  }

  // The points that are seen.
  rows() {
    const { points, view } = this.page;
    return [...points.tests.keys()].filter((row) => view.tests || !points.tests[row]);
  }

  ofRow(row) {
    return row === undefined ? { row: -1, at: [0.5, 0.5] } : { row, at: [...this.page.points.positions.subarray(2 * row, 2 * row + 2)] };
  }

  // A data point if one is near, else the place itself.
  near(at) {
    const far = ({ at: [x, y] }) => Math.hypot(x - at[0], y - at[1]);
    const best = this.rows().map((row) => this.ofRow(row)).reduce((a, b) => (far(a) <= far(b) ? a : b), { row: -1, at: [9, 9] });
    return far(best) < NEAR ? best : { row: -1, at };
  }

  place() {
    const { low, high } = this.page.facts;
    return this.point.at.map((share, axis) => low[axis] + share * (high[axis] - low[axis]));
  }

  choose(point) {
    this.point = point;
    this.source = JSON.stringify(this.page.state.data);
    if (!this.content || !this.page.side.shows(this.content)) this.open();
    this.describePoint();
    this.refresh();
  }

  open() {
    this.where = make("p", { className: "where" });
    const step = (by, words) => {
      const button = make("button", { className: "button", type: "button" }, words);
      button.addEventListener("click", () => this.walk(by));
      return button;
    };
    this.networks = make("div");
    this.content = make("div", { className: "probe" }, make("p", { className: "orders" }, step(-1, "← Previous"), step(1, "Next point →")), this.where, this.networks);
    this.views = [];
    const { point } = this;
    this.page.side.open("One point", this.content, () => this.closed());
    this.point = point;
  }

  closed() {
    this.point = null;
    for (const { network, output, root } of this.page.panels) {
      network.probe = null;
      for (const value of findAll(".probed", root)) value.remove();
      network.draw();
      output.draw();
    }
  }

  walk(by) {
    const rows = this.rows();
    this.choose(this.ofRow(rows[(rows.indexOf(this.point.row) + by + rows.length) % rows.length]));
  }

  describePoint() {
    const { points, facts, panels } = this.page;
    const { row } = this.point;
    const names = axisNames(facts).slice(0, facts.curve && row < 0 ? 1 : 2);
    const place = this.place();
    const kind = row < 0 ? "A place of the plane" : `${points.tests[row] ? "Test" : "Training"} point ${counted(row + 1)} of ${counted(points.tests.length)}`;
    this.where.textContent = `${kind}: ${names.map((name, axis) => `${name} = ${rounded(place[axis])}`).join(", ")}`;
    if (this.views.length !== panels.length) {
      this.views = panels.map((panel, place) => this.view(panel, place));
      this.networks.replaceChildren(...this.views.map(({ root }) => root));
    }
  }

  view(panel, place) {
    const tree = new Tree(panel, () => !this.page.playing && !this.content.contains(document.activeElement));
    const error = new ErrorView(panel, { change: () => this.changed(place), seek: () => this.seek(place) });
    const heading = make("h3", { hidden: this.page.panels.length < 2 }, place ? "Network B" : "Network A");
    return { tree, error, root: make("section", {}, heading, tree.root, error.root), asked: 0 };
  }

  changed(place) {
    this.request(place);
    this.mark(place);
  }

  // Train batch by batch until one has held the point.
  seek(place) {
    this.views[place].left = SEEK;
    this.page.line.send("batch");
  }

  refresh() {
    this.views.forEach((_, place) => this.request(place));
    for (const { output } of this.page.panels) output.draw();
  }

  request(place) {
    const { row } = this.point;
    Object.assign(this.views[place], { asked: performance.now(), stale: false });
    this.page.line.send("probe", { network: place, backward: this.views[place].error.active, ...(row < 0 ? { place: this.place() } : { row }) });
  }

  // After other settings: the point stays as long as the data do.
  describe() {
    if (!this.point) return;
    if (JSON.stringify(this.page.state.data) !== this.source) this.page.side.close();
    else {
      this.describePoint();
      this.refresh();
    }
  }

  follow() {
    if (!this.point) return;
    this.views.forEach((view, place) => {
      if (performance.now() - view.asked > LOST) this.request(place);
      else view.stale = true;
    });
  }

  take(answer) {
    const view = this.views[answer.network];
    if (answer.type !== "probe" || !this.point || answer.layers.length !== view?.tree.panel.facts.layout.length) return;
    const { row } = this.point;
    const missing = row >= 0 ? "" : this.page.points.tests.length ? "Only a point of the data has a target: click one to send its error back." : "The model is shown without its data: there is no target, and no error to send back.";
    Object.assign(view, { asked: 0, answer });
    view.tree.show(answer);
    view.error.show(answer, missing);
    this.mark(answer.network);
    if (view.left && view.error.active && !answer.update && !this.page.playing) {
      view.left -= 1;
      this.page.line.send("batch");
    } else if (view.stale) this.request(answer.network);
  }

  // Show the numbers in the network: the outputs and the terms of the sums, or the deltas and the gradients.
  mark(place) {
    const { answer, error } = this.views[place];
    if (!answer) return;
    const { network, data } = this.page.panels[place];
    const backward = error.active && answer.backward;
    const links = [];
    for (const { index, layer, row, column } of network.links.links) {
      const from = layer ? row : data.drawn_inputs.indexOf(row);
      const { weights } = (backward || answer).layers[layer];
      links[index] = backward ? (layer >= error.reached ? weights[from][column] : 0) : weights[from][column] * inputsOf(answer, layer)[from];
    }
    if (backward) {
      const largest = Math.max(...links.filter(Number.isFinite).map(Math.abs)) || 1;
      links.forEach((value, index) => (links[index] = (4 * value) / largest));
    }
    network.probe = { links, words: (link) => this.words(place, link) };
    for (const { node, column, place: neuron, picture } of network.neurons) {
      const shown = find(".probed", node) ?? node.appendChild(make("span", { className: "probed", "aria-hidden": "true" }));
      shown.textContent = backward ? (column > error.reached ? `δ ${number(backward.layers[column - 1].bias[neuron], 2)}` : "") : column ? number(answer.layers[column - 1].outputs[neuron], 2) : inputWords(answer, picture);
      shown.classList.toggle("delta", Boolean(backward));
    }
    network.draw();
  }

  // A link: "0.41 × −1.2 = −0.49".
  words(place, { layer, row, column }) {
    const { answer, error } = this.views[place];
    const from = layer ? row : this.page.panels[place].data.drawn_inputs.indexOf(row);
    const input = inputsOf(answer, layer)[from];
    if (!error.active || !answer.backward) return product(answer.layers[layer].weights[from][column], input);
    return `gradient: ${number(answer.backward.layers[layer].bias[column])} × ${number(input)} = ${number(answer.backward.layers[layer].weights[from][column])}`;
  }
}

function inputWords({ raw, inputs }, place) {
  const [before, scaled] = [number(raw[place], 2), number(inputs[place], 2)];
  return before === scaled ? scaled : `${before} → ${scaled}`;
}

// A ring around the point; on a curve, a line through it.
function drawMark(canvas, [across, up], isCurve, ratio) {
  const context = canvas.getContext("2d");
  const [x, y] = [across * canvas.width, (1 - up) * canvas.height];
  for (const [width, colour] of [[6, css(palette.panel, 0.9)], [2.5, css(palette.ink)]]) {
    context.beginPath();
    if (isCurve) context.rect(x, -9, 0, canvas.height + 18);
    context.moveTo(x + 9 * ratio, y);
    context.arc(x, y, 9 * ratio, 0, 2 * Math.PI);
    context.lineWidth = width * ratio;
    context.strokeStyle = colour;
    context.stroke();
  }
}
