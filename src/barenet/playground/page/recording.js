// A recorded training on a page of its own: the playground's panel of a network, which shows it
// at the epochs that were kept, without a server. It is in English.

import { epochAt, nearest } from "./output/curve.js";
import { button, counted, find, findAll, make } from "./dom.js";
import { NetworkPanel } from "./network/network-panel.js";
import { neuronOf } from "./network/neurons.js";
import { Probe } from "./point/probe.js";
import { frameOf, open, probe, scoresOf } from "./io/recording-frame.js";
import { SidePanel } from "./side-panel.js";
import { Theme } from "./theme.js";
import { WeightFields } from "./network/weight-fields.js";

const SECONDS = 4; // of the whole recording
const REST = 2500; // milliseconds at its end, before it plays again
const KEYS = { " ": "#play", ".": "#on", ",": "#back" };
const SETTINGS = "[data-field], .size, .activation, .input.off"; // shown, and not to be changed

const table = (values, width) =>
  Array.from({ length: values.length / width }, (_, row) => [
    ...values.subarray(row * width, (row + 1) * width),
  ]);

class Player {
  constructor(recording) {
    const { arrays, data, catalog } = recording;
    const isLoop = location.hash === "#loop";
    document.documentElement.classList.toggle("loop", isLoop); // before the network is measured
    Object.assign(this, {
      recording,
      data,
      points: arrays,
      kept: table(arrays.kept, 5),
      rows: table(arrays.measured, 3),
      edits: new Map(),
      view: { tests: true, discrete: false, log: false, probe: "" },
      state: { data: null },
      line: { send: () => this.reply() },
      side: new SidePanel(find("#side")),
    });
    this.theme = new Theme(find("#theme"), () => this.repaint());
    this.panel = new NetworkPanel(0, catalog, {
      open: (...place) => this.openNeuron(...place),
      look: (name, value) => this.look(name, value),
      putBack: () => this.putBack([...this.edits.keys()]),
    });
    this.panels = [this.panel];
    this.probe = new Probe(this);
    this.probe.addTo(this.panel);
    find("#networks").append(this.panel.root);
    this.describe();
    this.listen();
    if (isLoop) this.loop();
    else this.go(recording.lesson ? 0 : this.kept.length - 1);
  }

  // A moving picture within another page: the network and its map alone, played again and again.
  loop() {
    this.repeats = true;
    this.go(0);
    find("main").addEventListener("click", () => this.play(!this.playing));
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (isStill) this.go(this.kept.length - 1);
    else this.play(true);
  }

  get playing() {
    return Boolean(this.timer);
  }

  writeAddress() {}

  // Answer the probe in the place of a server.
  reply() {
    const { place = -1, at } = this.probe.point;
    this.probe.take(probe({ row: place, at }, this.weights, this.recording));
  }

  describe() {
    const { data, settings, changed, layout, drawn, text } = this.recording;
    this.panel.describe({
      data,
      settings,
      changed,
      network: { layout, drawn },
      name: "How it learned",
      isOneOfTwo: false,
      view: this.view,
    });
    for (const control of findAll(SETTINGS)) control.disabled = true;
    find("#text").replaceChildren(...text.map((each) => make("p", {}, each)));
    find("#scrub").max = this.kept.length - 1;
    find("#last").textContent = `of ${counted(this.kept.at(-1)[0])}`;
  }

  listen() {
    const { curve, output } = this.panel;
    find("#play").addEventListener("click", () => this.play(!this.playing));
    find("#on").addEventListener("click", () => this.pause(this.place + 1));
    find("#back").addEventListener("click", () => this.pause(this.place - 1));
    find("#scrub").addEventListener("input", ({ target }) => this.pause(Number(target.value)));
    curve.canvas.addEventListener("click", ({ target, offsetX }) =>
      this.pause(this.kept.indexOf(nearest(this.kept, epochAt(target, offsetX, curve.lines())))),
    );
    document.addEventListener("keydown", (event) => {
      if (
        !(event.key in KEYS) ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        event.target.closest("input:not([type=range]), button, summary")
      )
        return;
      event.preventDefault();
      const isHeld = event.repeat && event.key === " ";
      if (!isHeld) find(KEYS[event.key]).click();
    });
    new ResizeObserver(() => output.draw()).observe(output.canvas);
  }

  play(on) {
    clearInterval(this.timer);
    this.timer = null;
    if (on) {
      if (this.place === this.kept.length - 1) this.go(0);
      const step = () => {
        if (this.place < this.kept.length - 1) this.go(this.place + 1);
        else if (this.repeats) this.rest();
        else this.play(false);
      };
      this.timer = setInterval(step, (1000 * SECONDS) / this.kept.length);
    }
    document.body.classList.toggle("playing", on);
    find("#play").setAttribute("aria-pressed", on);
    find("#play").setAttribute("aria-label", on ? "Pause" : "Play");
  }

  // Stay at the end for a while, and play again.
  rest() {
    clearInterval(this.timer);
    this.timer = setTimeout(() => this.play(true), REST);
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

  edit({ index }, value) {
    this.play(false);
    this.edits.set(index, value);
    this.update();
  }

  putBack(indices) {
    for (const index of indices) this.edits.delete(index);
    this.update();
  }

  update() {
    const {
      arrays: { weights: all },
    } = this.recording;
    const count = all.length / this.kept.length;
    this.weights = all.slice(this.place * count, (this.place + 1) * count);
    for (const [index, value] of this.edits) this.weights[index] = value;
    this.frame = { ...frameOf(this.weights, this.recording), problems: [], linear: null };
    this.panel.receive(this.header());
    this.draw();
    this.panel.curve.draw(); // reads the layout, before texts change it
    this.write();
    this.sliders?.show(this.weights);
    this.probe.follow();
  }

  // The header of a frame, as a server sends it.
  header() {
    const { constant, lowest, problem } = this.recording;
    const row = this.kept[this.place];
    const [epoch] = row;
    const header = {
      version: 0,
      epoch,
      last: epoch, // going back discards nothing
      batch: [0, 1],
      playing: false,
      edits: [...this.edits].map(([index, value]) => ({ epoch, index, value })),
      rows: this.rows,
      newest: row,
      constant,
      lowest,
      overfitting: null,
      message: this.place === this.kept.length - 1 ? problem : "",
      failed: false,
      remedy: "",
    };
    const count = this.edits.size;
    if (!count) return header;
    const weights = count === 1 ? "1 weight" : `${count} weights`;
    return {
      ...header,
      newest: [epoch, null, null, ...scoresOf(this.weights, this.recording)],
      message: `${weights} changed by hand: the scores are those of the points shown.`,
      remedy: "edits",
    };
  }

  write() {
    const [epoch] = this.kept[this.place];
    this.panel.write();
    find("#epoch").textContent = counted(epoch);
    find("#scrub").value = this.place;
    find("#scrub").setAttribute("aria-valuetext", `epoch ${counted(epoch)}`);
  }

  draw() {
    this.panel.draw(this.frame, this.points, this.view);
  }

  look(name, value) {
    this.view[name] = value;
    this.panel.output.draw();
    this.panel.curve.setLog(this.view.log);
  }

  repaint() {
    this.panel.repaint();
    this.panel.network.showImage();
    this.draw();
  }

  // The weights of a neuron with sliders, at the side of the page.
  openNeuron(layer, place, row) {
    const neuron = neuronOf(this.panel, layer, place);
    this.sliders = new WeightFields(neuron, this.weights, (field, value) =>
      this.edit(field, value),
    );
    const back = button("Put back", () => this.putBack([...neuron.index, neuron.bias]), {
      className: "button",
    });
    const hint = make(
      "p",
      { className: "hint" },
      "Move a weight: the pictures follow. Another epoch has its own weights again.",
    );
    this.side.open(
      neuron.name,
      make("div", {}, hint, this.sliders.root, make("p", { className: "orders" }, back)),
      () => this.panel.network.open(null),
    );
    if (row !== undefined) this.sliders.fields[row]?.number.select();
    this.panel.network.open(neuron);
  }
}

const recording = JSON.parse(find("#recording").textContent);
window.barenet = new Player(open(recording));
