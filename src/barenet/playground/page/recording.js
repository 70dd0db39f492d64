// A recorded training on a page of its own: the network at the epochs that were kept, without a server.

import { palette } from "./colours.js";
import { drawCurve, epochAt, nearest } from "./output/curve.js";
import { button, counted, find, findAll, make, percent, rounded } from "./dom.js";
import { t } from "./language.js";
import { NetworkView } from "./network/network-view.js";
import { neuronOf } from "./network/neurons.js";
import { OutputView } from "./output/output-view.js";
import { Probe } from "./point/probe.js";
import { frameOf, open, probe, scoresOf } from "./io/recording-frame.js";
import { SidePanel } from "./side-panel.js";
import { Theme } from "./theme.js";
import { WeightFields } from "./network/weight-fields.js";

const SECONDS = 4; // of the whole recording
const REST = 2500; // milliseconds at its end, before it plays again

const table = (values, width) =>
  Array.from({ length: values.length / width }, (_, row) => [
    ...values.subarray(row * width, (row + 1) * width),
  ]);

class Player {
  constructor(recording) {
    const { data, layout, arrays } = recording;
    const isLoop = location.hash === "#loop";
    document.documentElement.classList.toggle("loop", isLoop); // before the network is measured
    Object.assign(this, {
      recording,
      data,
      points: arrays,
      kept: table(arrays.kept, 5),
      curve: table(arrays.measured, 3),
      edits: new Map(),
    });
    Object.assign(this, {
      view: { tests: true, discrete: false, probe: "" },
      state: { data: null },
      side: new SidePanel(find("#side")),
    });
    this.line = {
      send: () => this.reply(),
    };
    this.theme = new Theme(find("#theme"), () => this.repaint());
    this.panel = {
      place: 0,
      root: document.body,
      data,
      settings: recording.settings,
      architecture: { layout },
      labels: {},
      header: { playing: false },
    };
    this.output = new OutputView(find(".output"));
    this.network = new NetworkView(find(".network"), {
      activations: [],
      hover: (picture) => this.output.hover(picture),
      open: (...place) => this.openNeuron(...place),
    });
    this.panel.output = this.output;
    this.panel.network = this.network;
    this.panels = [this.panel];
    this.probe = new Probe(this);
    this.probe.addTo(this.panel);
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
    const { data, settings, facts, layout, drawn, choices, text, problem } = this.recording;
    this.network.describe(
      { layout, drawn },
      data,
      settings,
      Object.fromEntries(choices.map((label) => [label, label])),
    );
    for (const control of findAll(".size, .activation, .input.off")) control.disabled = true;
    this.output.describe(data);
    find("#text").replaceChildren(
      ...[...text, problem].filter(Boolean).map((each) => make("p", {}, each)),
    );
    find("#facts").replaceChildren(
      ...Object.entries(facts).flatMap(([name, value]) => [
        make("dt", {}, name),
        make("dd", {}, value),
      ]),
    );
    find(".score-name").textContent = data.classes ? t`Accuracy` : "R²";
    find(".test-score-name").textContent = data.classes ? t`Test accuracy` : t`Test R²`;
    find("#scrub").max = this.kept.length - 1;
    find("#last").textContent = t`of ${counted(this.kept.at(-1)[0])}`;
  }

  listen() {
    const keys = { " ": "#play", ".": "#on", ",": "#back" };
    find("#play").addEventListener("click", () => this.play(!this.playing));
    find("#on").addEventListener("click", () => this.pause(this.place + 1));
    find("#back").addEventListener("click", () => this.pause(this.place - 1));
    find("#scrub").addEventListener("input", ({ target }) => this.pause(Number(target.value)));
    find(".curve").addEventListener("click", ({ target, offsetX }) =>
      this.pause(this.kept.indexOf(nearest(this.kept, epochAt(target, offsetX, this.lines())))),
    );
    find("#changed button").addEventListener("click", () => this.putBack([...this.edits.keys()]));
    for (const box of findAll("[data-view]")) {
      box.addEventListener("change", () => {
        this.view[box.dataset.view] = box.checked;
        this.draw();
      });
    }
    document.addEventListener("keydown", (event) => {
      if (
        !(event.key in keys) ||
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        event.target.closest("input:not([type=range]), button, summary")
      )
        return;
      event.preventDefault();
      const isHeld = event.repeat && event.key === " ";
      if (!isHeld) find(keys[event.key]).click();
    });
    new ResizeObserver(() => this.draw()).observe(find(".map"));
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
    find("#play").setAttribute("aria-label", on ? t`Pause` : t`Play`);
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
    this.panel.header = { playing: false, epoch: this.kept[this.place][0], edits: [...this.edits] };
    this.frame = frameOf(this.weights, this.recording);
    this.draw(); // which reads the layout, before texts change it
    this.write();
    this.sliders?.show(this.weights);
    this.probe.follow();
  }

  write() {
    const [epoch, ...measured] = this.kept[this.place];
    const edited = this.edits.size;
    const [loss, testLoss, score, testScore] = edited
      ? [null, null, ...scoresOf(this.weights, this.recording)]
      : measured;
    const written = this.data.classes ? percent : rounded;
    const values = {
      ".loss": rounded(loss),
      ".test-loss": rounded(testLoss),
      ".score": written(score),
      ".test-score": written(testScore),
      "#epoch": counted(epoch),
    };
    for (const [selector, text] of Object.entries(values)) find(selector).textContent = text;
    find("#scrub").value = this.place;
    find("#scrub").setAttribute("aria-valuetext", t`epoch ${counted(epoch)}`);
    find("#changed").hidden = !edited;
    find("#changed span").textContent =
      edited === 1
        ? t`1 weight changed by hand: the scores are those of the points shown.`
        : t`${edited} weights changed by hand: the scores are those of the points shown.`;
    find(".curve").setAttribute(
      "aria-label",
      t`Loss per epoch. At epoch ${counted(epoch)}: training loss ${rounded(measured[0])}, test loss ${rounded(measured[1])}.`,
    );
  }

  draw() {
    this.output.draw(this.frame, this.points, this.view);
    this.network.draw(this.frame, this.points);
    drawCurve(find(".curve"), this.lines());
    this.network.write();
    this.output.showValue();
  }

  lines() {
    const column = (index) => this.curve.map((row) => [row[0], row[index]]);
    return [
      { places: column(1), colour: palette.training, width: 1.5 },
      { places: column(2), colour: palette.test, width: 2 },
      { epoch: this.kept[this.place][0], colour: palette.positive, width: 2 },
    ];
  }

  repaint() {
    this.output.fillLegend();
    this.network.showImage();
    this.draw();
  }

  // The weights of a neuron with sliders, at the side of the page.
  openNeuron(layer, place, row) {
    const neuron = neuronOf(this.panel, layer, place);
    this.sliders = new WeightFields(neuron, this.weights, (field, value) =>
      this.edit(field, value),
    );
    const back = button(t`Put back`, () => this.putBack([...neuron.index, neuron.bias]), {
      className: "button",
    });
    const hint = make(
      "p",
      { className: "hint" },
      t`Move a weight: the pictures follow. Another epoch has its own weights again.`,
    );
    this.side.open(
      neuron.name,
      make("div", {}, hint, this.sliders.root, make("p", { className: "orders" }, back)),
      () => this.network.open(null),
    );
    if (row !== undefined) this.sliders.fields[row]?.number.select();
    this.network.open(neuron);
  }
}

const recording = JSON.parse(find("#recording").textContent);
window.barenet = new Player(open(recording));
