// The network as columns of neurons, a picture in each, with links between them.

import { css, palette } from "../colours.js";
import { button, find, findAll, make, rounded, showTip, write } from "../dom.js";
import { drawPictures } from "../output/heatmap.js";
import { paint, pixelName } from "../data/ink.js";
import { bare, inputName } from "../data/input-names.js";
import { t } from "../language.js";
import { Links } from "./links.js";

const LEAST = 42; // pixels: the side of a neuron
const MOST = 260;
const SHARE_OF_PITCH = 0.56; // the most of a column that a neuron takes: the rest is for the links
const SHARE_ON_PROJECTOR = 0.65; // … where its picture has to be seen from far away
const SMALLEST = 20; // pixels: the side of a neuron where many layers share a small screen
const SHARE_OF_COLUMN = 0.7; // the rest is for the links
const BUTTONS_BESIDE = 78; // pixels: the width of a column whose buttons stand beside the number
const BUTTONS_BELOW = 52; // … whose buttons stand side by side below it
const ROOM_FOR_GLOW = 14; // pixels: beside the last column
const ROOM_FOR_NAMES = 110; // … above and below the picture of the answer
const ROOM_AROUND = 8; // … above and below the columns
const ROOM_ON_PROJECTOR = 12; // … whose letters are large
const SIDE = 24;
const PICTURE = SIDE * SIDE;
const MAX_ANSWERS = 10;
const LEADING = 8; // neurons of a layer with links; the others are small
const MAX_NEURONS = 256; // of a layer

let pointed = ""; // where the pointer is, after it has moved
document.addEventListener(
  "pointermove",
  ({ clientX, clientY }) => (pointed = `${clientX},${clientY}`),
);

export class NetworkView {
  // `acts`: hover(picture or null), open(layer, neuron), link(link, event), change(function of the
  // settings), feature(name), activations: names.
  constructor(root, acts) {
    this.root = root;
    this.acts = acts;
    this.stage = find(".stage", root);
    this.row = find(".layers-row", root);
    this.links = new Links(find(".links", root));
    this.marked = null;
    this.probe = null; // shows other numbers than the weights: { links: by index, words(link) }
    new ResizeObserver(() => this.placeLinks()).observe(this.row);
    new ResizeObserver(() => this.fit()).observe(this.stage);
    this.stage.addEventListener("pointermove", (event) => this.point(event));
    this.stage.addEventListener("pointerleave", () => this.mark(null));
    this.stage.addEventListener("click", (event) => this.click(event));
  }

  describe(network, data, settings, features) {
    Object.assign(this, { network, data, settings });
    const key = JSON.stringify([
      network.layout,
      network.drawn,
      data.features,
      data.inputs,
      data.drawn_inputs,
      data.axes,
      settings.activations,
      data.classes,
    ]);
    find(".count", this.root).textContent = countOf(settings.hidden.length);
    if (key === this.key) return;
    this.key = key;
    this.build(features);
    this.fit();
  }

  // Make the neurons as large as the card has room for.
  fit() {
    const { row, stage, root } = this;
    if (!this.neurons) return;
    row.style.removeProperty("--neuron");
    row.style.removeProperty("--answer-side");
    this.fitColumns();
    const columns = [...row.children];
    const words = findAll(".words:not([hidden])", root); // which come and go: the neurons stay
    for (const each of words) each.hidden = true;
    const isOnProjector = document.documentElement.classList.contains("projector");
    const around = isOnProjector ? ROOM_ON_PROJECTOR : ROOM_AROUND;
    const rooms = columns.map((column) => roomFor(column, stage.clientHeight - around));
    const share = isOnProjector ? SHARE_ON_PROJECTOR : SHARE_OF_PITCH;
    const across = (share * stage.clientWidth) / columns.length - LEAST;
    const more = Math.min(...rooms, across);
    for (const each of words) each.hidden = false;
    if (more > 0) {
      const side = Math.min(Math.floor(LEAST + more), MOST);
      const most = Math.min(MOST, 2 * side, LEAST + across, stage.clientHeight - ROOM_FOR_NAMES);
      row.style.setProperty("--neuron", `${side}px`);
      row.style.setProperty("--answer-side", `${Math.max(side, Math.floor(most))}px`);
    }
    this.placeLinks();
  }

  // Make room for many layers: first by the buttons of a layer below its number of neurons, then by
  // smaller neurons, with the controls of a layer and the names of the inputs above one another.
  fitColumns() {
    const { row, stage } = this;
    const columns = findAll(".column:not(.inputs, .answers)", row);
    row.classList.remove("stacked", "narrow", "thin");
    if (columns.length === 0) return;
    row.classList.toggle("stacked", columns[0].clientWidth < BUTTONS_BESIDE);
    if (row.scrollWidth + ROOM_FOR_GLOW <= stage.clientWidth) return;
    row.classList.add("narrow");
    row.classList.toggle("thin", columns[0].clientWidth < BUTTONS_BELOW);
    const pitch =
      (columns.at(-1).offsetLeft - columns[0].offsetLeft) / (columns.length - 1) || LEAST;
    const side = Math.floor(Math.min(SHARE_OF_COLUMN * pitch, LEAST));
    row.style.setProperty("--neuron", `${Math.max(side, SMALLEST)}px`);
  }

  build(features) {
    this.neurons = [];
    const columns = [this.inputColumn(features)];
    this.settings.hidden.forEach((size, layer) => columns.push(this.hiddenColumn(layer, size)));
    columns.push(this.outputColumn());
    this.row.replaceChildren(...columns);
  }

  inputColumn(features) {
    const { data } = this;
    if (data.image) return this.imageColumn();
    const marks = data.features.filter((name) => !(name in features)); // of missing values
    const names = data.features.length
      ? [...Object.keys(features), ...marks]
      : data.drawn_inputs.map((row) => data.inputs[row]);
    const usable = names.filter(
      (name) => !data.features.length || !data.curve || !name.includes("x2"),
    );
    const rows = usable.map((name) => {
      const isFeature = data.features.length > 0 && name in features;
      const place = data.features.length ? data.features.indexOf(name) : data.inputs.indexOf(name);
      return this.input(
        name,
        isFeature ? inputName(features[name], data) : bare(name, data),
        place,
        isFeature && Boolean(this.acts.feature),
      );
    });
    const more = data.n_inputs - data.drawn_inputs.length;
    if (!data.features.length && more > 0)
      rows.push(make("p", { className: "rest" }, t`+${more} more`));
    return make("div", { className: "column inputs" }, ...rows);
  }

  // One image for all pixels, with the places of those whose links are drawn.
  imageColumn() {
    const { image: shape, drawn_inputs: chosen, n_inputs: count } = this.data;
    const [height, width] = shape;
    const pixels = chosen.map((place, picture) => {
      const node = make("span", { className: "pixel-place", title: pixelName(place, shape) });
      Object.assign(node.style, {
        left: `${(100 * (place % width)) / width}%`,
        top: `${(100 * Math.floor(place / width)) / height}%`,
        width: `${100 / width}%`,
        height: `${100 / height}%`,
      });
      this.keep({ node, column: 0, place, picture, name: pixelName(place, shape) });
      return node;
    });
    this.picture = make("canvas", { className: "image", role: "img" });
    this.caption = make("span", {});
    this.showImage();
    return make(
      "div",
      { className: "column inputs of-image" },
      make("div", { className: "input-image" }, this.picture, ...pixels),
      make(
        "p",
        { className: "rest" },
        this.caption,
        " ",
        this.data.rows[0]
          ? t`${count} pixels; of the ${chosen.length} that vary most, the links are drawn.`
          : t`${count} pixels; of the ${chosen.length} in the middle, the links are drawn.`,
      ),
    );
  }

  // Show the image that passes through the network, or the mean of all images.
  showImage(image = this.shown) {
    this.shown = image;
    if (!this.data?.image || !this.picture) return;
    const [pixels, top] = image ? [image, this.data.image_top] : [this.data.mean_image, 1];
    paint(this.picture, pixels, this.data.image, top);
    const words = image ? t`The input:` : t`The mean of all images:`;
    this.caption.textContent = words;
    this.picture.ariaLabel = words;
  }

  input(name, label, place, optional) {
    const used = place >= 0;
    const choice = {};
    if (optional) {
      choice["aria-pressed"] = used;
      choice.title = used ? t`Leave this input out` : t`Give the network this input`;
    }
    const node = button([], () => optional && this.acts.feature(name), {
      className: `neuron input${used ? "" : " off"}`,
      "aria-label": t`Input ${label}`,
      ...choice,
    });
    if (used)
      this.keep({
        node,
        column: 0,
        place,
        picture: this.data.drawn_inputs.indexOf(place),
        name: t`Input ${label}`,
      });
    return make(
      "div",
      { className: "with-name" },
      make(
        "span",
        { className: used ? "feature-name" : "feature-name off-name", title: label },
        label.replace(/[_./=]/g, "$&\u200b"),
      ),
      node,
    );
  }

  hiddenColumn(layer, size) {
    const shown = this.network.drawn[layer];
    const nodes = Array.from({ length: shown }, (_, neuron) => this.neuron(layer, neuron));
    const others = make("div", { className: "small" }, ...nodes.splice(LEADING));
    const rest = make("p", { className: "rest" }, size > shown ? t`+${size - shown} more` : "");
    return make(
      "div",
      { className: "column" },
      this.sizeControl(layer, size),
      ...nodes,
      others,
      rest,
      make("p", { className: "rest sorted" }),
      this.activationControl(layer),
    );
  }

  // Put the neurons of a hidden layer in the order of their contributions to an answer, the largest
  // first; without any, in their own.
  arrange(column, contributions = [], words = "") {
    const far = ({ place }) => -Math.abs(contributions[place] ?? 0);
    const sorted = this.neurons
      .filter((each) => each.column === column)
      .sort((a, b) => far(a) - far(b) || a.place - b.place);
    const nodes = sorted.map(({ node }) => node);
    const root = this.row.children[column];
    const others = find(".small", root);
    this.explainOrder(column, words);
    if (nodes.every((node, place) => node === findAll(".neuron", root)[place])) return;
    others.append(...nodes.splice(LEADING));
    others.before(...nodes);
    this.placeLinks();
  }

  // Words below the neurons of a column on their order.
  explainOrder(column, words) {
    write(find(".sorted", this.row.children[column]), words);
  }

  neuron(layer, neuron) {
    const bias = make("span", { className: "bias", title: t`Bias: orange below 0, blue above` });
    const name = t`Layer ${layer + 1}, neuron ${neuron + 1}`;
    const node = button([bias], () => this.acts.open(layer, neuron), {
      className: "neuron",
      "aria-label": t`${name}. Open its weights`,
    });
    const before = this.network.drawn.slice(0, layer).reduce((sum, count) => sum + count, 0);
    this.keep({ node, bias, column: layer + 1, place: neuron, picture: before + neuron, name });
    return node;
  }

  outputColumn() {
    const last = this.network.layout.at(-1);
    const layer = this.network.layout.length - 1;
    const names = last.n_out === 1 ? [this.data.target] : this.data.classes;
    const isPictured = last.n_out === 1 && !this.data.curve;
    const nodes = names.slice(0, MAX_ANSWERS).map((name, place) => {
      const node = button(
        [make("span", { className: "answer-name" }, name)],
        () => this.acts.open(layer, place),
        {
          className: isPictured ? "neuron answer pictured" : "neuron answer",
          title: name,
          "aria-label": t`Output ${name}. Open its weights`,
        },
      );
      this.keep({ node, column: layer + 1, place, name: t`Output ${name}`, isPictured });
      return node;
    });
    if (last.n_out > MAX_ANSWERS)
      nodes.push(make("p", { className: "rest" }, t`+${last.n_out - MAX_ANSWERS} more`));
    return make("div", { className: "column answers" }, ...nodes);
  }

  sizeControl(layer, size) {
    const bounded = (wanted) => Math.min(MAX_NEURONS, Math.max(1, wanted));
    const resize = (from) =>
      this.acts.change(({ hidden }) => (hidden[layer] = bounded(from(hidden[layer]))));
    const step = (by, sign, label) =>
      button(sign, () => resize((wanted) => wanted + by), {
        className: "round tiny",
        "aria-label": label,
      });
    const number = make("input", {
      type: "number",
      min: 1,
      max: MAX_NEURONS,
      value: size,
      className: "size",
      "aria-label": t`Neurons in layer ${layer + 1}`,
    });
    number.addEventListener("change", () => {
      const taken = number.value === "" ? size : bounded(Math.round(Number(number.value)));
      number.value = taken;
      resize(() => taken);
    });
    return make(
      "div",
      { className: "size-control" },
      step(-1, "−", t`One neuron less in layer ${layer + 1}`),
      number,
      step(1, "+", t`One neuron more in layer ${layer + 1}`),
    );
  }

  activationControl(layer) {
    const select = make("select", {
      className: "activation",
      "aria-label": t`Activation of layer ${layer + 1}`,
    });
    select.append(
      ...this.acts.activations.map(
        (name) => new Option(name === "identity" ? t`linear` : name, name),
      ),
    );
    select.value = this.settings.activations[layer];
    if (select.selectedIndex < 0)
      select.append(
        new Option(this.settings.activations[layer], this.settings.activations[layer], true, true),
      );
    select.addEventListener("change", () => {
      const { value } = select;
      this.acts.change(({ activations }) => (activations[layer] = value));
    });
    return select;
  }

  keep(neuron) {
    this.neurons.push(neuron);
    neuron.node.dataset.key = `${neuron.column}.${neuron.place + 1}`;
    const weights = Boolean(this.data.image) && neuron.column === 1;
    const picture = {
      name: weights ? t`${neuron.name}: weights` : neuron.name,
      weights,
      values: () => this.valuesOf(neuron) ?? new Int8Array(PICTURE),
      scale: () => this.scaleOf(neuron),
    };
    neuron.large = picture;
    // A neuron that moves under a pointer at rest, as the page makes room, is not pointed at.
    const enter = ({ clientX, clientY }) => {
      const isAtRest = pointed === `${clientX},${clientY}`;
      const isShown = neuron.isPictured; // the map is its picture
      if (!isAtRest && !isShown && this.valuesOf(neuron)) this.acts.hover(picture);
    };
    const leave = () => this.acts.hover(this.enlarged);
    neuron.node.addEventListener("pointerenter", enter);
    neuron.node.addEventListener("pointerleave", leave);
    neuron.node.addEventListener("focus", () => {
      if (neuron.node.matches(":focus-visible")) enter({});
    });
    neuron.node.addEventListener("blur", leave);
  }

  // Show the picture of a neuron in the place of the map, by its key, or none.
  enlarge(key) {
    const neuron = this.neurons?.find(({ node }) => key && node.dataset.key === key);
    const before = this.enlarged;
    this.enlarged = neuron?.large ?? null;
    if (before || this.enlarged) this.acts.hover(this.enlarged);
  }

  // Write the weights on their links, if these are few.
  writeWeights(isWanted) {
    this.links.areWritten = isWanted;
    if (this.frame && this.neurons) this.draw();
  }

  // Mark the neuron whose panel is open, or none.
  open(neuron) {
    this.opened = neuron;
    for (const { node, column, place } of this.neurons)
      node.classList.toggle("open", column - 1 === neuron?.layer && place === neuron.neuron);
  }

  // The bytes of a neuron's picture; the output's neurons and the pixels of an image have none.
  valuesOf({ column, picture, isPictured }) {
    if (column === 0 && this.data.image) return null;
    if (isPictured) return this.outputPicture();
    const pictures = column === 0 ? this.points?.inputs : this.frame?.neurons;
    const values = pictures?.subarray(picture * PICTURE, (picture + 1) * PICTURE);
    return values?.length === PICTURE ? values : null;
  }

  // The picture of the output, in the size of those of the neurons.
  outputPicture() {
    const { output, side } = this.frame ?? {};
    if (!side || output.length < side * side) return null;
    const values = new Int8Array(PICTURE);
    for (let row = 0; row < SIDE; row++) {
      for (let column = 0; column < SIDE; column++) {
        const down = Math.floor(((row + 0.5) * side) / SIDE);
        const across = Math.floor(((column + 0.5) * side) / SIDE);
        values[row * SIDE + column] = output[down * side + across];
      }
    }
    return values;
  }

  // The value that the strongest colour stands for.
  scaleOf({ column, picture }) {
    const pictures = column === 0 ? this.points : this.frame;
    return pictures?.scales[picture] ?? 1;
  }

  placeLinks() {
    if (!this.neurons) return;
    const home = this.row.getBoundingClientRect();
    const ends = new Map();
    for (const neuron of this.neurons) {
      const { left, top, width, height } = neuron.node.getBoundingClientRect();
      const x = left - home.left;
      const y = top - home.top;
      neuron.box = { x, y, width, height };
      if (!neuron.node.closest(".small"))
        ends.set(`${neuron.column}.${neuron.place}`, {
          left: { x, y: y + height / 2 },
          right: { x: x + width, y: y + height / 2 },
        });
    }
    const links = [];
    this.network.layout.forEach((sizes, layer) => {
      for (let row = 0; row < sizes.n_in; row++) {
        for (let column = 0; column < sizes.n_out; column++) {
          const from = ends.get(`${layer}.${row}`);
          const to = ends.get(`${layer + 1}.${column}`);
          if (!from || !to) continue;
          const index = sizes.start + row * sizes.n_out + column;
          links.push({ from: from.right, to: to.left, index, layer, row, column });
        }
      }
    });
    this.links.place(links, this.row.scrollWidth, this.row.offsetHeight);
    this.links.biases = this.biasPlaces();
    this.mark(null);
    this.draw();
  }

  // The bias of each answer, and the place below it where its number is written.
  biasPlaces() {
    const column = this.network.layout.length;
    const { n_in: count, n_out: width, start } = this.network.layout[column - 1];
    const answers = this.neurons.filter((each) => each.isPictured);
    return answers.map(({ box: { x, y, width: wide, height }, place }) => ({
      index: start + count * width + place,
      at: { x: x + wide / 2, y: y + height + 18 },
    }));
  }

  draw(frame = this.frame, points = this.points) {
    Object.assign(this, { frame, points });
    if (!frame || !this.neurons) return;
    this.links.draw(this.probe?.links ?? frame.weights, this.marked);
    const pictures = this.neurons.map((neuron) => ({
      ...neuron.box,
      values: this.valuesOf(neuron),
    }));
    drawPictures(
      this.links.canvas,
      pictures.filter((picture) => picture.values),
      SIDE,
    );
  }

  // Update the texts, a few times a second.
  write() {
    this.drawBiases();
    if (this.marked) showTip(this.linkText());
  }

  drawBiases() {
    const { weights } = this.frame;
    if (!weights.length) return;
    for (const { bias, column, place } of this.neurons) {
      if (!bias) continue;
      const { n_in, n_out, start } = this.network.layout[column - 1];
      const value = weights[start + n_in * n_out + place] ?? 0;
      bias.style.background = css(palette.at(Math.max(-1, Math.min(1, value))));
    }
  }

  point(event) {
    if (event.target.closest("button, select, input")) return this.mark(null);
    const home = this.row.getBoundingClientRect();
    this.mark(this.links.at(event.clientX - home.left, event.clientY - home.top), event);
  }

  mark(link, event) {
    if (link !== this.marked) {
      this.marked = link;
      this.stage.classList.toggle("on-link", link !== null);
      this.draw();
    }
    showTip(link ? this.linkText() : "", event);
  }

  // The weight of the link under the pointer, as it is now.
  linkText() {
    if (this.probe) return t`${this.probe.words(this.marked)} — press to change the weight`;
    return t`weight ${rounded(this.frame?.weights[this.marked.index])} — press to change it`;
  }

  click(event) {
    if (this.marked && !event.target.closest("button, select, input"))
      this.acts.open(this.marked.layer, this.marked.column, this.marked.row);
  }
}

// By how much the neurons of a column may grow, in pixels.
function roomFor(column, height) {
  const growing = ":scope > .neuron:not(.answer), .with-name > .neuron:not(.off), .pictured";
  const neurons = findAll(growing, column);
  const grow = neurons.filter((neuron) => neuron.checkVisibility());
  if (grow.length === 0) return Infinity;
  return (height - column.offsetHeight) / grow.length;
}

function countOf(number) {
  if (number === 0) return t`no hidden layer: a linear model`;
  return number === 1 ? t`1 hidden layer` : t`${number} hidden layers`;
}
