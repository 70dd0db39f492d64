// The test rows behind a cell of the confusion matrix, at the side of the page.

import { button, counted, find, make, percent, rounded } from "../dom.js";
import { painted } from "../data/ink.js";
import { axisNames } from "../data/input-names.js";
import { t } from "../language.js";

export class Cells {
  // `pick(image, words)`: loads an image into the pad.
  constructor(page, pick) {
    Object.assign(this, { page, pick, root: make("div", { className: "cell-rows" }) });
  }

  addTo(panel) {
    find(".matrix", panel.root).addEventListener("click", ({ target }) => {
      const { cell } = target.closest("button")?.dataset ?? {};
      if (!cell) return;
      const [row, column] = cell.split(" ").map(Number);
      this.page.line.send("list_cell", { network: panel.place, row, column });
    });
  }

  take(message) {
    if (message.type !== "list_cell") return;
    const { data } = this.page;
    const truth = data.classes[message.truth];
    const predicted = data.classes[message.predicted];
    const { count, rows, epoch } = message;
    const shown =
      rows.length < count ? t`The ${rows.length} surest of ${counted(count)}` : counted(count);
    let words = t`${shown} test rows of class ${truth} that the network takes for ${predicted}, at epoch ${counted(epoch)}.`;
    if (count === 1)
      words = t`1 test row of class ${truth} that the network takes for ${predicted}, at epoch ${counted(epoch)}.`;
    this.root.replaceChildren(
      make("p", {}, words),
      data.image ? this.images(message, data) : table(message, data),
    );
    this.page.side.open(
      truth === predicted ? t`${truth}, recognized` : t`${truth}, taken for ${predicted}`,
      this.root,
    );
  }

  images({ rows, probabilities, truth, predicted, network }, { classes, image, image_top: top }) {
    const cards = rows.map((pixels, place) => {
      const [ofTruth, sure] = probabilities[place];
      const words = [
        make("span", { className: "taken" }, `${classes[predicted]} ${percent(sure)}`),
      ];
      if (truth !== predicted)
        words.push(make("span", {}, `${classes[truth]} ${percent(ofTruth)}`));
      const load = () => this.pick(network, pixels, t`A ${classes[truth]} of the test set.`);
      return make(
        "li",
        {},
        button([painted(pixels, image, top), ...words], load, {
          className: "card",
          title: t`Load it into the pad`,
        }),
      );
    });
    return make("ul", { className: "cards" }, ...cards);
  }
}

// Of other data: the values on the axes of the map.
function table({ rows, probabilities }, data) {
  const names = axisNames(data).filter((name) => name);
  const head = [...names, t`sure`].map((name) => make("th", { scope: "col" }, name));
  const lines = rows.map((values, place) =>
    make(
      "tr",
      {},
      ...values.map((value) => make("td", {}, rounded(value))),
      make("td", {}, percent(probabilities[place][1])),
    ),
  );
  return make(
    "table",
    { className: "cell-table" },
    make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...lines),
  );
}
