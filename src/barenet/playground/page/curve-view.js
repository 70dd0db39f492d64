// The losses epoch by epoch, drawn by uPlot; thinned out as they grow, so that an hour fits.

import uPlot from "./vendor/uPlot.esm.js";
import { css, palette } from "./colours.js";

const MOST = 1000;
const HEIGHT = 150;

const same = (a, b) => String(a) === String(b);

export class CurveView {
  constructor(root) {
    this.root = root;
    this.clear();
    new ResizeObserver(() => this.resize()).observe(root);
  }

  clear() {
    this.rows = [];
    this.version = -1;
  }

  // Add measures: [epoch, loss, test loss, score, test score]; the newest may be of a rest amid an
  // epoch, or of weights changed by hand, and stays as long as it is the newest.
  add(version, rows, newest) {
    if (version !== this.version) {
      this.rows = [];
      this.stale = true;
    }
    this.version = version;
    for (const row of rows) if (!this.rows.length || row[0] > this.rows.at(-1)[0]) this.rows.push(row);
    if (this.rows.length > MOST) this.rows = this.rows.filter((_, index) => index % 2 === 0 || index === this.rows.length - 1);
    if (rows.length || !same(newest, this.newest)) this.stale = true;
    this.newest = newest;
  }

  draw() {
    if (!this.stale || !this.root.clientWidth) return;
    this.stale = false;
    const last = this.rows.at(-1);
    const here = last && this.newest?.[0] >= last[0] && !same(last, this.newest) ? [this.newest] : [];
    const columns = [0, 1, 2].map((column) => [...this.rows, ...here].map((row) => row[column]));
    if (this.plot) this.plot.setData(columns);
    else this.plot = new uPlot(this.options(), columns, this.root);
  }

  options() {
    const axis = { stroke: css(palette.muted), font: "11px system-ui, sans-serif", grid: { stroke: css(palette.line), width: 1 }, ticks: { show: false } };
    return {
      width: this.root.clientWidth,
      height: HEIGHT,
      padding: [8, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false } },
      scales: { x: { time: false }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), high || 1] } },
      axes: [{ ...axis, size: 24, gap: 2 }, { ...axis, size: 44, gap: 4, values: (_, ticks) => ticks.map((tick) => (tick >= 1e4 ? tick.toExponential(0) : `${+tick.toPrecision(3)}`)) }],
      series: [{}, { stroke: css(palette.muted), width: 1.5, points: { show: false } }, { stroke: css(palette.ink), width: 2, points: { show: false } }],
    };
  }

  resize() {
    if (this.plot && this.root.clientWidth) this.plot.setSize({ width: this.root.clientWidth, height: HEIGHT });
    else this.draw();
  }

  // Draw anew in the colours of another theme.
  repaint() {
    this.plot?.destroy();
    this.plot = null;
    this.stale = true;
    this.draw();
  }
}
