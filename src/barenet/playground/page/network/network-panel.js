// One network of the page: its settings, its neurons, its output and its learning curve.

import { CurveView } from "../output/curve-view.js";
import { connect, counted, find, findAll, percent, rounded, write } from "../dom.js";
import { t } from "../language.js";
import { LearningPanel } from "./learning-panel.js";
import { NetworkView } from "./network-view.js";
import { OutputTabs } from "../output/output-tabs.js";
import { OutputView } from "../output/output-view.js";
import { ScoreView } from "../output/score-view.js";

export class NetworkPanel {
  // `acts`: change, restore(), slower(), exported, notice, open, feature, look(name, value); of a
  // recording, open, look and putBack() alone.
  constructor(place, catalog, acts) {
    this.place = place;
    this.root = find("#network-panel").content.firstElementChild.cloneNode(true);
    this.catalog = catalog;
    this.labels = catalog.features;
    this.learning = new LearningPanel(find(".learning", this.root), catalog, acts);
    this.output = new OutputView(find(".output", this.root));
    this.tabs = new OutputTabs(find(".output", this.root), () => this.output.draw());
    this.network = new NetworkView(find(".network", this.root), {
      ...acts,
      activations: catalog.activations,
      hover: (picture) => {
        this.tabs.peek(Boolean(picture));
        this.output.hover(picture);
      },
    });
    this.curve = new CurveView(find(".curve", this.root), (words) => this.describeCurve(words));
    this.score = new ScoreView(find(".output", this.root));
    connect(this.root, {
      fewer: () =>
        acts.change(({ hidden, activations }) => {
          hidden.pop();
          activations.pop();
        }),
      more: () =>
        acts.change(({ hidden, activations }) => {
          if (hidden.length === catalog.limits.layers) return;
          hidden.push(Math.min(hidden.at(-1) ?? 4, 8));
          activations.push(activations.at(-1) ?? "tanh");
        }),
      weights: () => this.learning.newWeights(),
    });
    for (const box of findAll("[data-view]", this.root))
      box.addEventListener("change", () => acts.look(box.dataset.view, box.checked));
  }

  describe({ settings, network, data, name, isOneOfTwo, view, changed }) {
    Object.assign(this, { settings, architecture: network, data });
    this.learning.describe(settings, data.task, name, changed);
    this.network.describe(network, data, settings, this.catalog.features);
    this.output.describe(data);
    this.tabs.describe(data);
    this.score.describe(data);
    this.curve.describe(data.rows[1] > 0);
    find("[data-view=tests]", this.root).closest("label").hidden = data.rows[1] === 0;
    this.nameRegions(isOneOfTwo ? name : "");
    for (const box of findAll("[data-view]", this.root)) box.checked = view[box.dataset.view];
    this.curve.setLog(view.log);
    find("[data-action=fewer]", this.root).disabled = settings.hidden.length === 0;
    find("[data-action=more]", this.root).disabled =
      settings.hidden.length >= this.catalog.limits.layers;
  }

  // If there are two networks, the name of each region includes that of its network.
  nameRegions(network) {
    const names = {
      ".network": t`Neurons`,
      ".output": t`Output`,
      ".matrix": t`Confusion matrix`,
      ".backward-pass": t`Forward and backward, one term at a time`,
      ".pass-picture": t`The network in the pass`,
    };
    for (const [selector, name] of Object.entries(names)) {
      const region = this.root.querySelector(selector); // a pass is added after the panel is made
      region?.setAttribute("aria-label", network ? t`${name} of ${network}` : name);
    }
  }

  // Receive a frame, even one that is never drawn.
  receive(header) {
    this.curve.add(header);
    this.header = header;
  }

  draw(frame, points, view) {
    this.frame = frame;
    this.output.draw(frame, points, view);
    this.tabs.draw(frame, points);
    this.network.draw(frame, points);
  }

  // Update the texts.
  write() {
    this.network.write();
    this.output.showValue();
    find(".at", this.root).textContent = t`epoch ${counted(this.header.epoch)}`;
    this.score.show(this.header);
    this.curve.draw();
    this.learning.report(this.header, [
      ...this.modelReplaced(),
      ...this.frame.problems,
      ...this.linearWins(),
    ]);
    this.describeCurve();
    find(".key .other-network", this.root).hidden = !this.curve.compared.length;
    find(".key .here", this.root).hidden = this.curve.place === null;
  }

  // Whether another network stands in the place of the model's.
  modelReplaced() {
    if (!this.architecture.replaces_model) return [];
    const message = t`This is not the network of the model: its layers or initial weights were changed, and it began untrained.`;
    return [{ message, remedy: "model" }];
  }

  // The score of a linear model, if it is the better one.
  linearWins() {
    const {
      frame: { linear },
      header: { epoch, newest },
      data,
      settings,
    } = this;
    if (linear === null || !epoch || !newest || !settings.hidden.length || newest[4] >= linear)
      return [];
    const score = data.classes ? t`accuracy ${percent(linear)}` : `R² ${rounded(linear)}`;
    return [
      {
        message: t`A linear model of the same inputs is better on the test points: ${score}.`,
        remedy: "",
      },
    ];
  }

  // The values at the pointer, the network's place in time, or the facts about the curve.
  describeCurve(hovered = this.hovered) {
    this.hovered = hovered;
    const { epoch, last, playing } = this.header ?? {};
    let past = "";
    if (!playing && epoch < last)
      past = t`Back at epoch ${counted(epoch)} of ${counted(last)}. Training, or changing a weight, discards the later epochs.`;
    const words = hovered || past || this.curve.facts();
    write(find(".curve-facts", this.root), words);
    if (!hovered)
      find(".curve", this.root).setAttribute("aria-label", `${t`Loss per epoch`}. ${words}`);
  }

  // A summary for screen readers.
  summary() {
    if (!this.header?.newest || !this.data.rows[0]) return "";
    const {
      epoch,
      batch,
      newest: [, loss, testLoss, score, testScore],
    } = this.header;
    let place = t`Epoch ${epoch}`;
    if (batch[0])
      place = t`Epoch ${epoch} and ${counted(batch[0])} of ${counted(batch[1])} batches`;
    const parts = [t`training loss ${rounded(loss)}`];
    const scored = (value) =>
      this.data.classes ? t`accuracy ${percent(value)}` : `R² ${rounded(value)}`;
    if (this.data.rows[1] > 0)
      parts.push(
        t`test loss ${rounded(testLoss)}`,
        this.data.classes
          ? t`test accuracy ${percent(testScore)}`
          : t`test R² ${rounded(testScore)}`,
      );
    else parts.push(scored(score));
    return `${place}: ${parts.join(", ")}.`;
  }

  repaint() {
    this.output.fillLegend();
    this.curve.repaint();
    if (this.frame) this.network.drawBiases();
  }
}
