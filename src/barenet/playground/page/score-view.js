// How good the network is: losses, accuracy or R², and which classes it takes for which.

import { counted, find, make, percent, rounded } from "./dom.js";

export class ScoreView {
  constructor(root) {
    this.root = root;
    this.matrix = find(".matrix", root);
    this.details = find(".confused", root);
    this.details.addEventListener("toggle", () => this.header && this.show(this.header));
  }

  describe(data) {
    this.data = data;
    const name = data.classes ? "Accuracy" : "R²";
    find(".score-name", this.root).textContent = name;
    find(".test-score-name", this.root).textContent = `Test ${data.classes ? "accuracy" : "R²"}`;
    this.details.hidden = !data.classes || !data.rows[1];
  }

  show(header) {
    this.header = header;
    const [, loss, testLoss, score, testScore] = header.newest ?? [];
    const written = this.data.classes ? percent : rounded;
    find(".loss", this.root).textContent = rounded(loss);
    find(".test-loss", this.root).textContent = rounded(testLoss);
    find(".score", this.root).textContent = written(score);
    find(".test-score", this.root).textContent = written(testScore);
    if (this.details.open && header.confusion) this.fill(header.confusion);
  }

  fill(counts) {
    const { classes } = this.data;
    const key = JSON.stringify([counts, classes]);
    if (key === this.key) return;
    this.key = key;
    const head = make("tr", {}, make("th", {}, "true \\ predicted"), ...classes.map((name) => make("th", { scope: "col" }, name)));
    const rows = counts.map((row, truth) => {
      const total = row.reduce((sum, count) => sum + count, 0) || 1;
      const cells = row.map((count, said) => {
        const cell = make("td", { className: truth === said ? "right" : count ? "wrong" : "" }, String(count));
        cell.style.setProperty("--share", count / total);
        return cell;
      });
      return make("tr", {}, make("th", { scope: "row" }, classes[truth]), ...cells);
    });
    const [shown, all] = [counts.flat().reduce((sum, count) => sum + count, 0), this.data.rows[1]];
    const caption = `${shown < all ? `${counted(shown)} of ${counted(all)}` : counted(all)} test rows`;
    this.matrix.replaceChildren(make("table", {}, make("caption", {}, caption), make("tbody", {}, head, ...rows)));
  }
}
