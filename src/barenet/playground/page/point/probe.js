// The probe: a point of the plane or of the data, and the value that each neuron has for it. The
// server computes them.

import { t } from "../language.js";
import { Query } from "../io/query.js";
import { button, counted, find, findAll, make, rounded, write } from "../dom.js";
import { css, palette } from "../colours.js";
import { axisNames } from "../data/input-names.js";
import { product, termsOf, Tree } from "./probe-tree.js";
import { number } from "../network/step-words.js";
import { strokeOutlined } from "../output/strokes.js";

const NEAR = 0.025; // of the map's side
const PAUSE = 100; // milliseconds between two requests

export class Probe {
  constructor(page) {
    Object.assign(this, { page, point: null, views: [] });
    this.where = make("p", { className: "where" });
    this.networks = make("div");
    const walk = make(
      "p",
      { className: "orders" },
      orderButton(t`← Previous`, () => this.walk(-1)),
      orderButton(t`Next point →`, () => this.walk(1)),
    );
    this.content = make(
      "div",
      { className: "probe empty" },
      walk,
      this.where,
      make("p", { className: "hint waiting" }, t`Waiting for the numbers of the network …`),
      this.networks,
    );
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
      const point = this.point ?? this.points()[0] ?? { row: -1, at: [0.5, 0.5] };
      this.choose(point, { opens: true });
      find("button", this.content).focus();
    };
    find(".map-view .checks", panel.root).append(
      button(t`Probe a point`, open, {
        className: "text probe-open",
        title: t`Follow one point through the network; or press the map`,
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
    const heading = make("h3", {}, place ? t`Network B` : t`Network A`);
    this.views[place] = {
      panel,
      query: new Query(this.page, "probe", panel, PAUSE),
      tree,
      heading,
      root: make("section", {}, heading, tree.root),
    };
  }

  // The points that are drawn, also those that are hidden.
  drawn() {
    const { positions, tests, rows } = this.page.points;
    return [...tests.keys()].map((place) => ({
      row: rows[place],
      at: [positions[2 * place], positions[2 * place + 1]],
      part: tests[place] ? "test" : "training",
      place,
    }));
  }

  // The points that are seen.
  points() {
    return this.drawn().filter(({ part }) => this.page.view.tests || part === "training");
  }

  // A data point if one is near, else the place itself.
  near(x, y) {
    const far = ({ at }) => Math.hypot(at[0] - x, at[1] - y);
    const [best] = this.points().sort((a, b) => far(a) - far(b));
    return best && far(best) < NEAR ? best : { row: -1, at: [x, y] };
  }

  // The next point that is seen, or the one before; after the last one, the first.
  walk(by) {
    const points = this.points();
    if (!points.length) return;
    const here = this.point?.row ?? -1;
    if (by > 0) this.choose(points.find(({ row }) => row > here) ?? points[0]);
    else this.choose(points.findLast(({ row }) => row < here) ?? points.at(-1));
  }

  // Probe a point, or an image without a place, which opens no panel.
  choose(point, { opens = Boolean(point.at) && !this.page.view.pass, takesFocus = true } = {}) {
    this.source = this.data();
    if (opens && !this.page.side.shows(this.content))
      this.page.side.open(t`One point`, this.content, () => this.close(), takesFocus);
    this.point = point;
    for (const view of this.views) view.isNew = true;
    this.locate(point.at?.map((share) => share.toFixed(4)).join("~"));
    this.describe();
  }

  // In the address, a point has its place.
  locate(place = "") {
    this.located = place;
    if (this.isLocated()) return;
    this.page.view.probe = place;
    this.page.writeAddress();
  }

  // Whether the address has the point, and not that of a new address.
  isLocated() {
    return this.page.view.probe === this.located;
  }

  end() {
    if (this.page.side.shows(this.content)) this.page.side.close();
    else if (this.point) this.close();
  }

  // The data and the map alone: on another slice, and with other inputs, the point stays.
  data() {
    const { axes, low, high } = this.page.data;
    const data = { ...this.page.state.data, fixed: [], features: [] };
    return JSON.stringify([data, axes, low, high]);
  }

  // Probe no point: nothing of this one is shown as of the next one.
  close() {
    this.point = null;
    this.onClose?.();
    this.content.classList.add("empty");
    if (this.isLocated()) this.locate(); // else a new address has another point
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
    if (!this.point) {
      if (this.page.side.shows(this.content) && this.data() !== this.source) this.end();
      return;
    }
    const { data, panels } = this.page;
    const { low, high } = data;
    const isElsewhere = Boolean(this.page.view.probe) && !this.isLocated(); // in a new address
    if (this.data() !== this.source || isElsewhere) return this.end();
    const { at } = this.point;
    this.place = at?.map((share, axis) => low[axis] + share * (high[axis] - low[axis]));
    this.name = this.nameOf(this.point);
    this.writePlace();
    this.content.classList.add("waits");
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

  nameOf({ row, at, part, place }) {
    const { data, points } = this.page;
    if (!at) return t`The digit on the pad`;
    if (row < 0) return t`A place of the plane`;
    const isTest = part === "test";
    const total = counted(data.rows[Number(isTest)]);
    const which = counted(points.numbers[place]);
    return isTest ? t`Test point ${which} of ${total}` : t`Training point ${which} of ${total}`;
  }

  // The name of the point, and its values on the axes.
  writePlace() {
    const { data } = this.page;
    const { row, at } = this.point;
    let words = this.name;
    if (at) {
      const hasHeight = row >= 0 && at[1] !== null; // on a curve, the height is the target
      const names = axisNames(data).slice(0, data.curve && !hasHeight ? 1 : 2);
      const values = names.map((name, axis) => {
        const grain = 1e-6 * (data.high[axis] - data.low[axis]); // positions are in single precision
        const value = Math.round(this.place[axis] / grain) * grain || 0;
        return `${name} = ${rounded(value)}`;
      });
      if (values.length) words += `: ${values.join(", ")}`;
    }
    write(this.where, words);
  }

  request({ query }) {
    const { row, pixels } = this.point;
    let point = { row };
    if (pixels) point = { pixels };
    else if (row < 0) point = { place: this.place };
    query.send(point);
  }

  follow() {
    const { probe } = this.page.view;
    if (!this.point && probe) {
      const point = this.near(...probe.split("~").map(Number));
      if (this.page.lessons.picture.probes(probe)) this.choose(point, { opens: false });
      else this.choose(point, { takesFocus: false });
    }
    for (const { place } of this.point ? this.page.panels : []) this.request(this.views[place]);
  }

  take(answer) {
    if (answer.type !== "probe") return;
    const view = this.views[answer.network];
    view.query.answered();
    if (!this.point) return;
    if (answer.layers.length !== view.panel.architecture.layout.length) return this.request(view);
    const isEarlier = !view.query.state; // another point was chosen meanwhile
    if (isEarlier && this.point.at) return this.request(view);
    view.answer = answer;
    this.show(view, view.isNew && !isEarlier);
    view.isNew &&= isEarlier;
    this.onAnswer?.(answer);
    this.request(view);
  }

  show(view, isNew = false) {
    this.content.classList.remove("waits", "empty");
    view.panel.network.showImage(this.point.pixels ?? view.answer.image);
    view.tree.show(view.answer, isNew);
    this.sortNeurons(view);
    this.mark(view);
  }

  // Put those neurons first that contribute most to the answer on an image. A neuron that is
  // pointed at keeps its place, and so do the others, until the pointer leaves it.
  sortNeurons({ answer, pointed, panel: { network, data } }) {
    const last = (answer?.layers.length ?? 0) - 1;
    if (!this.point || !data.image || last < 1) return;
    if (pointed && find(".neuron:hover", network.root)) {
      network.explainOrder(last, t`The order follows when you point at no neuron.`);
      return;
    }
    const name = data.classes[answerOf(answer)];
    const words = t`Sorted by what each adds to the answer ${name}: output × weight.`;
    network.arrange(last, contributionsOf(answer), words);
  }

  // Sort what has waited for the pointer.
  sortAgain(view) {
    if (!this.point || !view.answer || !view.panel.data.image) return;
    this.sortNeurons(view);
    this.mark(view); // other neurons have links now
  }

  // Show the numbers in the network: the outputs and the terms of the sums.
  mark({ panel: { network, data }, answer }) {
    const from = ({ layer, row }) => (layer ? row : data.drawn_inputs.indexOf(row));
    const term = (link) => termsOf(answer, link.layer, link.column)[from(link)];
    const links = [];
    for (const link of network.links.links) {
      const { weight, input } = term(link);
      links[link.index] = weight * input;
    }
    const words = (link) => product(term(link).weight, term(link).input);
    network.probe = { links, words };
    const contributions = data.image ? contributionsOf(answer) : [];
    for (const { node, column, place, picture } of network.neurons) {
      const shown = find(".probed", node) ?? addValue(node);
      const isInput = column === 0;
      const isSorted = !isInput && column === answer.layers.length - 1 && Boolean(data.image);
      const outputs = isInput ? [] : answer.layers[column - 1].outputs;
      if (isSorted) {
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

const orderButton = (words, act) => button(words, act, { className: "button" });

const answerOf = ({ layers }) => layers.at(-1).outputs.indexOf(Math.max(...layers.at(-1).outputs));

// Each neuron of the last hidden layer adds its output × its weight to the sum of the answer.
const contributionsOf = (answer) =>
  termsOf(answer, answer.layers.length - 1, answerOf(answer)).map(
    ({ input, weight }) => input * weight,
  );

const signed = (value, digits = 2) => `${value > 0 ? "+" : ""}${number(value, digits)}`;

// A place for the value of a neuron; its title is the name of the neuron without the value.
function addValue(node) {
  const shown = make("span", { className: "probed", title: node.ariaLabel ?? "" });
  node.append(" ", shown);
  return shown;
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
