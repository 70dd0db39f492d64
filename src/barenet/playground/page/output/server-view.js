// Pictures that the server computes, each in a tab of a network.

import { said, t } from "../language.js";
import { Query } from "../io/query.js";
import { make, write } from "../dom.js";
import { fit, isFit } from "./heatmap.js";
import { TITLES } from "./output-tabs.js";

// A tool of the page: a view of each network.
export class ServerTabs {
  constructor(page, View) {
    Object.assign(this, { page, View });
  }

  addTo(panel) {
    const { type, title } = this.View;
    panel[type] = new this.View(panel, this.page);
    panel.tabs.add(title, panel[type]);
  }

  take(message) {
    if (message.type === this.View.type)
      this.page.panels[message.network]?.[message.type].take(message);
  }

  repaint() {
    for (const panel of this.page.panels) panel[this.View.type].paint();
  }
}

// A view has `type`, of its messages; `title`; `pause`, as in Query; `describe()`, the words below the
// picture; `paintAnswer(context, answer, ratio)`. An answer with a hint has no picture.
export class ServerView {
  constructor(panel, page) {
    const { type, title, pause } = this.constructor;
    Object.assign(this, { panel, page, query: new Query(page, type, panel, pause) });
    this.canvas = make("canvas", {
      className: "surface",
      role: "img",
      "aria-label": TITLES[title],
    });
    this.axes = ["x", "y"].map((name) => make("span", { className: `axis ${name}` }));
    this.marks = make("p", { className: "legend marks" });
    this.words = make("p", { className: "hint" }, t`Computing …`);
    this.plot = make("div", { className: "plot", hidden: true }, this.canvas, ...this.axes);
  }

  suits(data) {
    return data.rows[0] > 0 || this.awaits(data);
  }

  // The first point that is drawn by hand moves nothing.
  awaits({ rows, name }) {
    return rows[0] === 0 && name === "drawn";
  }

  // The fields of a request.
  fields() {
    return {};
  }

  draw() {
    this.query.send(this.fields());
    if (this.answer && !isFit(this.canvas)) this.paint();
  }

  take(answer) {
    this.query.answered();
    this.answer = answer;
    if (this.root.hidden) return;
    this.paint();
    this.draw();
  }

  paint() {
    const { answer } = this;
    if (!answer || this.root.hidden) return;
    this.plot.hidden = Boolean(answer.hint);
    this.marks.hidden = this.plot.hidden;
    write(this.words, said(answer.hint) ?? this.describe());
    if (answer.hint) return;
    const ratio = fit(this.canvas);
    this.paintAnswer(this.canvas.getContext("2d"), answer, ratio);
  }
}
