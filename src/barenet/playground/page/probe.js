// The probe: a point of the plane or of the data, the value that each neuron has for it, and its
// error on the way back. The server computes both.

import { Query } from "./query.js";
import { button, counted, find, findAll, make, rounded, table } from "./dom.js";
import { css, palette } from "./colours.js";
import { axisNames } from "./input-names.js";
import { ErrorView, orderButton } from "./probe-error.js";
import { product, termsOf, Tree } from "./probe-tree.js";
import { number } from "./step-words.js";
import { strokeOutlined } from "./strokes.js";

const NEAR = 0.025; // of the map's side
const SEEK = 200; // batches
const PAUSE = 100; // milliseconds between two requests
const NO_TARGET = "Only a point of the data has a target: click one to send its error back.";
const NO_DATA =
  "The model is shown without its data: there is no target, and no error to send back.";

export class Probe {
  constructor(page) {
    Object.assign(this, { page, point: null, views: [] });
    this.where = make("p", { className: "where" });
    this.networks = make("div");
    const walk = make(
      "p",
      { className: "orders" },
      orderButton("← Previous", () => this.walk(-1)),
      orderButton("Next point →", () => this.walk(1)),
    );
    this.row = make("div", {
      className: "many",
      tabIndex: 0,
      role: "region",
      "aria-label": "The whole row",
    });
    this.content = make("div", { className: "probe" }, walk, this.where, this.row, this.networks);
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape" && this.point && !find("dialog[open]")) page.side.close();
    });
  }

  addTo(panel) {
    const { place, output } = panel;
    output.canvas.addEventListener("click", ({ offsetX, offsetY, target }) =>
      this.choose(this.near(offsetX / target.clientWidth, 1 - offsetY / target.clientHeight)),
    );
    output.overlay = (canvas, ratio) =>
      this.point?.at && drawMark(canvas, this.point.at, panel.data.curve, ratio);
    const open = () => {
      this.choose(this.point ?? this.points()[0] ?? { row: -1, at: [0.5, 0.5] }, true);
      find("button", this.content).focus();
    };
    find(".map-view .checks", panel.root).append(
      button("Probe a point", open, {
        className: "text probe-open",
        title: "Follow one point through the network; or click the map",
      }),
    );
    const { root } = panel.network;
    root.addEventListener("pointerover", ({ target, pointerType }) => {
      this.views[place].pointed = pointerType !== "touch" && Boolean(target.closest(".neuron"));
    });
    root.addEventListener("pointerout", () => {
      this.views[place].pointed = false; // until the pointer is over the next element
      requestAnimationFrame(() => this.sortAgain(this.views[place]));
    });
    const tree = new Tree(
      panel,
      () => !this.page.playing && !tree.root.contains(document.activeElement),
    );
    const error = new ErrorView(panel, {
      change: () => this.change(this.views[place]),
      seek: () => this.seek(place),
    });
    const heading = make("h3", {}, place ? "Network B" : "Network A");
    this.views[place] = {
      panel,
      query: new Query(this.page, "probe", panel, PAUSE),
      tree,
      error,
      heading,
      root: make("section", {}, heading, tree.root, error.root),
    };
  }

  // The points that are seen.
  points() {
    const {
      points: { tests, positions },
      view,
    } = this.page;
    const rows = [...tests.keys()].filter((row) => view.tests || !tests[row]);
    return rows.map((row) => ({ row, at: [positions[2 * row], positions[2 * row + 1]] }));
  }

  // A data point if one is near, else the place itself.
  near(x, y) {
    const far = ({ at }) => Math.hypot(at[0] - x, at[1] - y);
    const [best] = this.points().sort((a, b) => far(a) - far(b));
    return best && far(best) < NEAR ? best : { row: -1, at: [x, y] };
  }

  walk(by) {
    const points = this.points();
    const place = points.findIndex(({ row }) => row === this.point.row) + by;
    if (points.length) this.choose(points.at(place % points.length));
  }

  // Probe a point, or an image without a place, which opens no panel.
  choose(point, opens = Boolean(point.at) && !this.page.view.pass) {
    this.source = this.data();
    if (opens && !this.page.side.shows(this.content))
      this.page.side.open("One point", this.content, () => this.close());
    this.point = point;
    for (const view of this.views) view.isNew = true;
    this.locate(point.at?.map((share) => share.toFixed(4)).join("~") ?? "");
    this.describe();
  }

  locate(place) {
    this.located = place;
    if (place === this.page.view.probe) return;
    this.page.view.probe = place;
    this.page.writeAddress();
  }

  end() {
    if (this.page.side.shows(this.content)) this.page.side.close();
    else if (this.point) this.close();
  }

  // The data alone: on another slice, the point stays.
  data() {
    return JSON.stringify({ ...this.page.state.data, fixed: [] });
  }

  close() {
    this.point = null;
    this.onClose?.();
    if (this.page.view.probe === this.located) this.locate(""); // else a new address has another point
    for (const { network, output, root } of this.page.panels) {
      network.probe = null;
      for (const column of network.network?.drawn.keys() ?? []) network.arrange(column + 1);
      for (const value of findAll(".probed", root)) {
        value.parentNode.style.removeProperty("--light");
        if (value.title) value.parentNode.ariaLabel = value.title;
        value.remove();
      }
      network.draw();
      output.draw();
    }
  }

  // After other settings: the point stays as long as the data do.
  describe() {
    if (!this.point) return;
    const {
      points: { tests, numbers, rows },
      facts,
      panels,
    } = this.page;
    const { low, high, curve } = facts;
    if (this.data() !== this.source) return this.end();
    const { row, at } = this.point;
    this.place = at?.map((share, axis) => low[axis] + share * (high[axis] - low[axis]));
    let kind = "A place of the plane";
    if (row >= 0) {
      const part = tests[row] ? "Test" : "Training";
      kind = `${part} point ${counted(numbers[row])} of ${counted(facts.rows[tests[row]])}, row ${counted(rows[row])} of the data`;
    }
    this.name = at ? kind : "The digit on the pad";
    this.where.textContent = this.name;
    if (at) {
      const names = axisNames(facts).slice(0, curve && row < 0 ? 1 : 2);
      const values = names.map((name, axis) => `${name} = ${rounded(this.place[axis])}`);
      if (values.length) this.where.textContent += `: ${values.join(", ")}`;
    }
    this.networks.replaceChildren(...panels.map(({ place }) => this.views[place].root));
    for (const { place, output } of panels) {
      const view = this.views[place];
      view.heading.hidden = panels.length < 2;
      view.answer = null;
      view.query.forget();
      this.request(view);
      output.draw();
    }
    this.onChoose?.();
  }

  request({ query, error }) {
    const { row, pixels } = this.point;
    let point = { row };
    if (pixels) point = { pixels };
    else if (row < 0) point = { place: this.place };
    query.send({ backward: error.active, ...point });
  }

  // Another stage of the error, of the numbers that are known.
  change(view) {
    this.request(view);
    if (view.answer) this.show(view);
  }

  follow() {
    const { probe } = this.page.view;
    if (!this.point && probe) this.choose(this.near(...probe.split("~").map(Number)));
    for (const { place } of this.point ? this.page.panels : []) this.request(this.views[place]);
  }

  // Train batch by batch until one has held the point.
  seek(place) {
    this.views[place].left = SEEK;
    this.page.line.send("batch");
  }

  take(answer) {
    const view = this.views[answer.network];
    if (answer.type !== "probe") return;
    view.query.answered();
    if (!this.point) return;
    if (answer.layers.length !== view.panel.facts.layout.length) return this.request(view);
    const isEarlier = !view.query.state; // another point was chosen meanwhile
    if (isEarlier && this.point.at) return this.request(view);
    view.answer = answer;
    this.show(view, view.isNew && !isEarlier);
    view.isNew &&= isEarlier;
    this.onAnswer?.(answer);
    if (view.left && view.error.active && !answer.update && !this.page.playing) {
      view.left -= 1;
      this.page.line.send("batch");
    } else this.request(view);
  }

  // All columns: those that contribute most to the prediction first, or else those of the map.
  list({ cells = {}, contributions = null }) {
    const { axes } = this.page.facts;
    let names = [];
    if (contributions || Object.keys(cells).length > axes.length)
      names = [...axes, ...Object.keys(cells).filter((name) => !axes.includes(name))];
    this.row.hidden = !names.length;
    const listed = JSON.stringify([cells, contributions]);
    if (this.listed === listed) return;
    this.listed = listed;
    if (contributions) this.listContributions(names, cells, contributions);
    else
      this.row.replaceChildren(
        table(
          ["Column", "Value"],
          names.map((name) => [name, cellWords(cells[name])]),
        ),
      );
  }

  // The columns keep their places while the network learns.
  listContributions(names, cells, contributions) {
    const { values } = contributions;
    const row = JSON.stringify(cells);
    if (!this.page.playing || this.sortedRow !== row) {
      const size = (name) => Math.abs(values[name] ?? 0);
      this.sorted = names.sort((a, b) => size(b) - size(a));
      this.sortedRow = row;
    }
    const words = (name) => (name in values ? signed(values[name]) : "");
    this.row.replaceChildren(
      contributionWords(contributions, this.page.panels.length > 1),
      table(
        ["Column", "Value", "Contribution"],
        this.sorted.map((name) => [name, cellWords(cells[name]), words(name)]),
        "contributions",
      ),
    );
  }

  show(view, isNew = false) {
    if (view === this.views[0]) this.list(view.answer); // the contributions are those of network A
    view.panel.network.showImage(this.point.pixels ?? view.answer.image);
    view.tree.show(view.answer, isNew);
    let missing = "";
    if (this.point.row < 0) missing = this.page.points.tests.length ? NO_TARGET : NO_DATA;
    view.error.show(view.answer, missing);
    this.sort(view);
    this.mark(view);
  }

  // Put those neurons first that contribute most to the answer on an image. A neuron that is
  // pointed at keeps its place, and so do the others, until the pointer leaves it.
  sort({ answer, pointed, panel: { network, data } }) {
    const last = (answer?.layers.length ?? 0) - 1;
    if (!this.point || !data.image || last < 1) return;
    if (pointed && find(".neuron:hover", network.root)) {
      network.explainOrder(last, "The order follows when you point at no neuron.");
      return;
    }
    const name = data.classes[answerOf(answer)];
    const words = `Sorted by what each adds to the answer ${name}: output × weight.`;
    network.arrange(last, contributionsOf(answer), words);
  }

  // Sort what has waited for the pointer.
  sortAgain(view) {
    if (!this.point || !view.answer || !view.panel.data.image) return;
    this.sort(view);
    this.mark(view); // other neurons have links now
  }

  // Show the numbers in the network: the outputs and the terms of the sums, or the deltas and the gradients.
  mark({ panel: { network, data }, answer, error }) {
    const backward = error.active ? answer.backward : null;
    const from = ({ layer, row }) => (layer ? row : data.drawn_inputs.indexOf(row));
    const term = (link) => termsOf(answer, link.layer, link.column)[from(link)];
    const gradient = (link) =>
      link.layer < error.reached ? 0 : backward.layers[link.layer].weights[from(link)][link.column];
    const values = network.links.links.map((link) => {
      if (backward) return gradient(link);
      const { weight, input } = term(link);
      return weight * input;
    });
    const unit = backward ? Math.max(...values.map(Math.abs)) / 4 || 1 : 1;
    const links = [];
    network.links.links.forEach(({ index }, place) => {
      links[index] = values[place] / unit;
    });
    const words = (link) => {
      const { weight, input } = term(link);
      if (!backward) return product(weight, input);
      const delta = backward.layers[link.layer].bias[link.column];
      return `gradient: ${number(delta)} × ${number(input)} = ${number(gradient(link))}`;
    };
    network.probe = { links, words };
    const contributions = data.image ? contributionsOf(answer) : [];
    for (const { node, column, place, picture } of network.neurons) {
      const shown = find(".probed", node) ?? addValue(node);
      shown.classList.toggle("delta", Boolean(backward));
      const isInput = column === 0;
      const isSorted = !isInput && column === answer.layers.length - 1 && Boolean(data.image);
      const outputs = isInput ? [] : answer.layers[column - 1].outputs;
      if (backward) {
        const isReached = column > error.reached;
        shown.textContent = isReached
          ? `δ ${number(backward.layers[column - 1].bias[place], 2)}`
          : "";
      } else if (isSorted) {
        shown.textContent = signed(contributions[place]);
        shown.style.borderColor = css(palette.at(Math.sign(contributions[place])));
      } else if (isInput) {
        shown.textContent = inputWords(answer, picture);
      } else {
        shown.textContent = number(outputs[place], 2);
      }
      if (!isInput) {
        const largest = Math.max(...outputs.map(Math.abs)) || 1;
        node.style.setProperty("--light", outputs[place] / largest);
      }
      if (shown.title) node.ariaLabel = shown.title.replace(/\.|$/, ` ${shown.textContent}$&`);
    }
    network.draw();
  }
}

const answerOf = ({ layers }) => layers.at(-1).outputs.indexOf(Math.max(...layers.at(-1).outputs));

// Each neuron of the last hidden layer adds its output × its weight to the sum of the answer.
const contributionsOf = (answer) =>
  termsOf(answer, answer.layers.length - 1, answerOf(answer)).map(
    ({ input, weight }) => input * weight,
  );

const signed = (value) => `${value > 0 ? "+" : ""}${number(value, 2)}`;

// What the contributions of the columns add up to.
function contributionWords({ output, prediction, expected }, areSeveral) {
  const network = areSeveral ? " by network A" : "";
  return make(
    "p",
    { className: "hint" },
    `The ${output}${network} is ${number(prediction)}, and ${number(expected)} on average. The columns contribute the difference:`,
  );
}

// A place for the value of a neuron; its title is the name of the neuron without the value.
function addValue(node) {
  const shown = make("span", { className: "probed", title: node.ariaLabel ?? "" });
  node.append(" ", shown);
  return shown;
}

// The value of a cell of the table, as it is shown.
function cellWords(value) {
  if (/^(nan|None|NaT|)$/.test(value)) return "missing";
  if (Number.isNaN(Number(value))) return value;
  return number(Number(value), 6);
}

// An input as it is in the data, and as it is scaled.
function inputWords({ raw, inputs }, place) {
  return [...new Set([number(raw[place], 2), number(inputs[place], 2)])].join(" → ");
}

// A ring around the point; on a curve, a line through it.
function drawMark(canvas, [across, up], isCurve, ratio) {
  const x = across * canvas.width;
  const y = (1 - up) * canvas.height;
  const mark = new Path2D();
  mark.arc(x, y, 9 * ratio, 0, 2 * Math.PI);
  if (isCurve) mark.rect(x, -9, 0, canvas.height + 18);
  strokeOutlined(canvas.getContext("2d"), mark, ratio);
}
