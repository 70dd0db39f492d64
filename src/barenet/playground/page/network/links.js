// The links between neurons: as thick as their weights are large, and found under the pointer.

import { css, palette } from "../colours.js";
import { rounded } from "../dom.js";
import { pixelRatio } from "../output/heatmap.js";
import { t } from "../language.js";

const NEAR = 6; // pixels
const MOST_WRITTEN = 24; // numbers on links that can be read
const SHARE_ACROSS = 0.3; // of a link, where its number stands: there, links are still apart

export class Links {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false }); // faster: nothing below is composited
    this.areWritten = false; // the weights, as numbers
    this.biases = []; // { index, at: the place of its number }
    this.place([], 0, 0);
  }

  // Each link is { from, to, index, layer, row, column }, its ends in pixels of the canvas.
  place(links, width, height) {
    this.links = links;
    const ratio = pixelRatio();
    this.ratio = ratio;
    Object.assign(this.canvas, {
      width: Math.round(width * ratio),
      height: Math.round(height * ratio),
    });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    this.clear();
  }

  clear() {
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.context.fillStyle = css(palette.panel);
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  draw(weights, marked) {
    const { context } = this;
    this.clear();
    for (const link of this.links) {
      const weight = weights[link.index] ?? 0;
      const size = Math.min(1, Math.sqrt(Math.abs(weight)) / 2);
      context.beginPath();
      trace(context, link);
      context.lineWidth = link === marked ? 2 + 7 * size : 0.6 + 6 * size;
      context.strokeStyle = css(strong(weight), link === marked ? 1 : 0.25 + 0.6 * size);
      context.stroke();
    }
    if (this.areWritten && this.links.length <= MOST_WRITTEN) this.write(weights);
  }

  // The number of each weight on its link, and of the biases below the answers.
  write(weights) {
    for (const link of this.links) {
      const { from, to, index } = link;
      const at = { x: from.x + SHARE_ACROSS * (to.x - from.x), y: heightAt(link, SHARE_ACROSS) };
      this.writeNumber(`w = ${hundredths(weights[index] ?? 0)}`, at);
    }
    for (const { index, at } of this.biases)
      this.writeNumber(`${t`bias`} ${hundredths(weights[index] ?? 0)}`, at);
  }

  writeNumber(words, { x, y }) {
    const { context } = this;
    context.font = '600 15px "Barenet Sans", system-ui, sans-serif';
    Object.assign(context, { textAlign: "center", textBaseline: "middle", lineJoin: "round" });
    Object.assign(context, { lineWidth: 5, strokeStyle: css(palette.panel) });
    context.strokeText(words, x, y);
    context.fillStyle = css(palette.ink);
    context.fillText(words, x, y);
  }

  // The link under a point, if one is near.
  at(x, y) {
    let best = null;
    let least = NEAR;
    for (const link of this.links) {
      if (x < link.from.x || x > link.to.x) continue;
      const distance = Math.abs(y - heightAt(link, (x - link.from.x) / (link.to.x - link.from.x)));
      if (distance < least) {
        best = link;
        least = distance;
      }
    }
    return best;
  }
}

const strong = (weight) => (weight < 0 ? palette.negative : palette.positive);

function trace(context, { from, to }) {
  const middle = (from.x + to.x) / 2;
  context.moveTo(from.x, from.y);
  context.bezierCurveTo(middle, from.y, middle, to.y, to.x, to.y);
}

// The height of the curve at a share of its way across. Its middle points are half way, so across
// is 1.5 t (1 − t) + t³ and steps back to t by Newton's method; up is 3 t² − 2 t³.
function heightAt({ from, to }, share) {
  let t = share;
  for (let i = 0; i < 4; i++) {
    const across = 1.5 * t * (1 - t) + t ** 3;
    t -= (across - share) / (1.5 - 3 * t + 3 * t * t);
  }
  return from.y + (to.y - from.y) * (3 * t * t - 2 * t ** 3);
}

// A number of few letters, where one such as 1e−9 is 0.
const hundredths = (value) => rounded(Math.abs(value) < 0.005 ? 0 : value, 2);
