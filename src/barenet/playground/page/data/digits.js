// The digit pad: a pad to draw on, the image that the network gets, and its probabilities.

import { t } from "../language.js";
import { Query } from "../io/query.js";
import { css, palette } from "../colours.js";
import { find, make, parts, percent, shareAt, write } from "../dom.js";
import { paint } from "./ink.js";
import { drawStrokes, fitted } from "./pad-strokes.js";

const SIDE = 192; // of the pad, in points
const PEN = 20;

export class Digits {
  constructor(page, probe) {
    Object.assign(this, { page, probe, all: [], image: null, row: -1 });
    probe.onAnswer = (answer) => this.follow(answer);
  }

  // Those of the networks that are on the page.
  get views() {
    return this.all.slice(0, this.page.panels.length);
  }

  addTo(panel) {
    this.all[panel.place] = new DrawView(this, panel);
    panel.tabs.add("Draw", this.all[panel.place]);
  }

  describe() {
    const { name, image, classes } = this.page.data;
    if (image) for (const view of this.views) view.name(classes);
    if (this.name !== name) {
      this.image = null;
      this.drawnOn = null;
    }
    this.show(this.image, this.words, this.drawnOn);
    this.name = name;
  }

  // Show an image in the units of the data, or null for none; `drawnOn`: the view that has its ink.
  show(image, words = "", drawnOn = null) {
    Object.assign(this, { image, words, drawnOn });
    if (!this.page.data.image) return;
    for (const view of this.views) view.show(image, words, view === drawnOn);
    for (const panel of this.page.panels) panel.network.showImage(image);
  }

  // Show an image, and pass it through the networks.
  choose(image, words, drawnOn) {
    this.show(image, words, drawnOn);
    if (image) this.probe.choose({ row: -1, pixels: image });
    else this.probe.end();
  }

  // Show an image of the data on the pad, in view of a network.
  load(network, image, words) {
    const panel = this.page.panels[network];
    panel.tabs.select(this.all[network]);
    this.all[network].root.scrollIntoView({ block: "nearest" });
    this.choose(image, words);
  }

  // Show the next test digit.
  pick() {
    this.row += 1;
    this.page.line.send("test_image", { row: this.row });
  }

  take(message) {
    if (message.type === "test_image") {
      const { row, pixels, truth } = message;
      this.choose(pixels, t`Test digit ${row + 1}, a ${this.page.data.classes[truth]}.`);
    }
    const view = this.views[message.network];
    if (message.type === "convert" && view) view.take(message.pixels);
  }

  // The image of a point that is probed is on the pad, too; and one on the pad stays probed.
  follow({ network, image, prediction } = {}) {
    const { point, name } = this.probe;
    if (image && point.at && String(image) !== String(this.image)) this.show(image, `${name}.`);
    if (image && this.image) this.views[network]?.fill(prediction);
    if (this.image && this.page.data.image && !point)
      this.probe.choose({ row: -1, pixels: this.image });
  }

  repaint() {
    if (!this.page.data) return;
    this.show(this.image, this.words, this.drawnOn);
    this.drawnOn?.recolour();
  }
}

class DrawView {
  constructor(bench, panel) {
    const { page } = bench;
    Object.assign(this, { bench, conversion: new Query(page, "convert", panel), bars: [] });
    const root = find(".draw-view", panel.root);
    Object.assign(
      this,
      { root },
      parts(root, {
        pad: ".pad",
        seen: ".seen",
        test: ".test-digit",
        read: ".read",
        answers: ".chances",
      }),
    );
    this.ink = this.pad.getContext("2d", { willReadFrequently: true });
    this.converted = new OffscreenCanvas(SIDE, SIDE).getContext("2d", { willReadFrequently: true });
    this.strokes = [];
    find(".clear", root).addEventListener("click", () => bench.choose(null));
    this.test.addEventListener("click", () => bench.pick());
    this.pad.addEventListener("pointerdown", (event) => this.begin(event));
    this.pad.addEventListener("pointermove", (event) => {
      if (this.last) this.stroke(event);
    });
    for (const end of ["pointerup", "pointercancel"])
      this.pad.addEventListener(end, () => (this.last = null));
  }

  suits({ image }) {
    return Boolean(image);
  }

  draw() {}

  name(classes) {
    this.classes = classes;
    this.test.hidden = !this.bench.page.data.rows[1];
    this.bars = classes.map((name) => ({
      bar: make("span", { className: "filled" }),
      share: make("span", { className: "share" }, "—"),
      name: make("span", {}, name),
    }));
    this.answers.replaceChildren(
      ...this.bars.map(({ bar, share, name }) =>
        make(
          "li",
          {},
          name,
          make("span", { className: "rail", "aria-hidden": "true" }, bar),
          share,
        ),
      ),
    );
  }

  show(image, words, hasInk) {
    const { image: shape, image_top: top } = this.bench.page.data;
    paint(this.seen, image, shape, top);
    this.words = words;
    if (!image) this.fill([]);
    if (hasInk) return;
    cancelAnimationFrame(this.due); // of a drawing that is gone
    Object.assign(this, { due: 0, drawn: false, strokes: [], isOnImage: Boolean(image) });
    this.ink.clearRect(0, 0, SIDE, SIDE);
    if (image) this.ink.drawImage(this.seen, 0, 0, SIDE, SIDE);
  }

  // The ink in the colour of the theme.
  recolour() {
    Object.assign(this.ink, { globalCompositeOperation: "source-in", fillStyle: css(palette.ink) });
    this.ink.fillRect(0, 0, SIDE, SIDE);
    this.ink.globalCompositeOperation = "source-over";
  }

  fill(prediction) {
    const probabilities = prediction.length === 1 ? [1 - prediction[0], ...prediction] : prediction;
    const most = probabilities.indexOf(Math.max(...probabilities));
    this.bars.forEach(({ bar, share, name }, place) => {
      bar.style.width = `${100 * (probabilities[place] ?? 0)}%`;
      share.textContent = percent(probabilities[place]);
      name.parentNode.classList.toggle("most", place === most);
    });
    write(
      this.read,
      most < 0
        ? t`Draw, or take a test digit: the bars follow, also while the network learns.`
        : `${this.words} ${t`It reads a ${this.classes[most]}.`}`,
    );
  }

  begin(event) {
    event.preventDefault();
    this.pad.setPointerCapture(event.pointerId);
    this.last = at(event, this.pad);
    this.strokes.push([this.last]);
    this.stroke(event);
  }

  stroke(event) {
    const points = (event.getCoalescedEvents?.() ?? []).map((each) => at(each, this.pad));
    points.push(at(event, this.pad));
    drawStrokes(this.ink, [[this.last, ...points]], PEN, css(palette.ink));
    this.strokes.at(-1).push(...points);
    this.last = points.at(-1);
    if (this.due) return;
    this.due = requestAnimationFrame(() => this.convert());
  }

  // Have the drawing converted to an image of the data set, also what is drawn until the answer.
  convert() {
    if (!this.isOnImage) {
      this.converted.clearRect(0, 0, SIDE, SIDE);
      const { strokes, pen } = fitted(this.strokes, SIDE, this.bench.page.data.image[0]);
      drawStrokes(this.converted, strokes, pen, "black");
    }
    const shown = this.isOnImage ? this.ink : this.converted;
    const { data } = shown.getImageData(0, 0, SIDE, SIDE);
    const alphas = data.filter((_, index) => index % 4 === 3); // without red, green and blue
    const bits = alphas.map((alpha) => alpha >> 7).join(""); // 1 where there is ink
    const ink = bits.replace(/.{4}/g, (four) => parseInt(four, 2).toString(16));
    const sent = this.conversion.send({ ink });
    Object.assign(this, { due: 0, drawn: true, stale: !sent });
  }

  take(image) {
    this.conversion.answered();
    if (!this.drawn) return; // cleared since
    this.bench.choose(image, "", this);
    if (this.stale) this.convert();
  }
}

const at = (event, pad) => shareAt(event, pad).map((share) => share * SIDE);
