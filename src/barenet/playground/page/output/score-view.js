// The scores of the network: losses, accuracy or R², and the classes that it confuses.

import { counted, find, make, percent, rounded, write } from "../dom.js";
import { t } from "../language.js";
import { unitOf } from "../point/probe-tree.js";

export class ScoreView {
  constructor(root) {
    this.root = root;
    this.matrix = find(".matrix", root);
    this.details = find(".confused", root);
    this.error = find(".typical", root);
    this.kind = find(".loss-kind", root);
    this.details.addEventListener("toggle", () => this.header && this.show(this.header));
  }

  describe(data) {
    this.data = data;
    const name = data.classes ? t`Accuracy` : "R²";
    find(".score-name", this.root).textContent = name;
    find(".test-score-name", this.root).textContent = data.classes ? t`Test accuracy` : t`Test R²`;
    this.details.hidden = !data.classes || !data.rows[1];
    for (const each of [".test-loss", ".test-score"])
      find(each, this.root).parentElement.hidden = !data.rows[1];
  }

  show(header) {
    this.header = header;
    const newest = this.data.rows[0] ? header.newest : null;
    const [, loss, testLoss, score, testScore] = newest ?? [];
    const written = this.data.classes ? percent : rounded;
    find(".loss", this.root).textContent = rounded(loss);
    find(".test-loss", this.root).textContent = rounded(testLoss);
    find(".score", this.root).textContent = written(score);
    find(".test-score", this.root).textContent = written(testScore);
    write(this.kind, newest ? lossWords(header) : "");
    const { spread, target, classes } = this.data;
    this.error.hidden = Boolean(classes) || spread === null || !Number.isFinite(testScore);
    write(
      this.error,
      t`Typical test error (RMSE): ${rounded(spread * Math.sqrt(Math.max(0, 1 - testScore)))} ${unitOf(target)}`,
    );
    if (this.details.open && header.confusion) this.fill(header.confusion);
  }

  // The cells stay while their counts change, so that they can be clicked.
  fill(counts) {
    if (this.classes !== this.data.classes) this.build();
    const { classes } = this.data;
    for (const [truth, row] of counts.entries()) {
      const total = row.reduce((sum, count) => sum + count, 0) || 1;
      for (const [predicted, count] of row.entries()) {
        const { cell, inside } = this.cells[truth][predicted];
        if (cell.textContent === String(count)) continue;
        cell.className = count ? "wrong" : "";
        if (truth === predicted) cell.className = "right";
        cell.style.setProperty("--share", count / total);
        Object.assign(inside, {
          textContent: String(count),
          disabled: !count,
          title: count ? t`Show them` : "",
        });
        inside.setAttribute(
          "aria-label",
          t`${counted(count)} test rows of ${classes[truth]}, taken for ${classes[predicted]}`,
        );
      }
    }
    const shown = counts.flat().reduce((sum, count) => sum + count, 0);
    const all = this.data.rows[1];
    this.caption.textContent =
      shown < all
        ? t`${counted(shown)} of ${counted(all)} test rows. Choose a number to see them.`
        : t`${counted(all)} test rows. Choose a number to see them.`;
  }

  build() {
    const { classes } = this.data;
    this.classes = classes;
    this.caption = make("caption", {});
    this.cells = classes.map((_, truth) =>
      classes.map((__, predicted) => {
        const inside = make("button", { type: "button", data: { cell: `${truth} ${predicted}` } });
        return { inside, cell: make("td", {}, inside) };
      }),
    );
    const head = make(
      "tr",
      {},
      make("th", {}, t`true \\ predicted`),
      ...classes.map((name) => make("th", { scope: "col" }, name)),
    );
    const rows = this.cells.map((row, truth) =>
      make("tr", {}, make("th", { scope: "row" }, classes[truth]), ...row.map(({ cell }) => cell)),
    );
    this.matrix.replaceChildren(make("table", {}, this.caption, make("tbody", {}, head, ...rows)));
  }
}

// Of which weights the losses are: after an epoch, the training loss is the mean of its batches.
function lossWords({ newest: [epoch], batch, edits }) {
  const isChanged = edits.some((edit) => edit.epoch === epoch);
  const isMean = epoch > 0 && !batch[0] && !isChanged;
  if (!isMean) return t`Both losses are those of the weights now.`;
  return t`Training loss: mean during epoch ${counted(epoch)}; test loss: now.`;
}
