// The losses epoch by epoch, drawn by uPlot; thinned out as they grow, so that an hour fits.

import uPlot from "./vendor/uPlot.esm.js";
import { css, palette } from "./colours.js";
import { counted, rounded } from "./dom.js";

const MOST = 1000;

const same = (a, b) => String(a) === String(b);
const column = (rows, index) => rows.map((row) => row[index]);

export class CurveView {
  // `tell`: takes the values at the pointer, in words; empty beside the curve.
  constructor(root, tell) {
    Object.assign(this, { root, tell, log: false });
    this.clear();
    new ResizeObserver(() => this.resize()).observe(root);
  }

  clear() {
    Object.assign(this, { rows: [], compared: [], constant: null, place: null, lowest: null, overfitting: null, version: -1 });
  }

  // Add measures: [epoch, loss, test loss, score, test score]; the newest may be of a rest amid an
  // epoch, or of weights changed by hand, and stays as long as it is the newest. `place` is the
  // epoch to which the user has gone back.
  add({ version, rows, newest, constant, lowest, overfitting, epoch, playing }) {
    if (version !== this.version) {
      this.rows = [];
      this.stale = true;
    }
    this.version = version;
    for (const row of rows) if (!this.rows.length || row[0] > this.rows.at(-1)[0]) this.rows.push(row);
    if (this.rows.length > MOST) this.rows = this.rows.filter((_, index) => index % 2 === 0 || index === this.rows.length - 1);
    const place = !playing && epoch < this.rows.at(-1)?.[0] ? epoch : null;
    if (rows.length || !same(newest, this.newest) || place !== this.place || !same(constant, this.constant)) this.stale = true;
    Object.assign(this, { newest, place, constant, lowest, overfitting });
  }

  // Draw the test loss of the other network, too.
  compare(rows) {
    if (rows.length !== this.compared.length || !same(rows.at(-1), this.compared.at(-1))) this.stale = true;
    this.compared = [...rows];
  }

  setLog(log) {
    if (log !== this.log) {
      this.log = log;
      this.repaint();
    }
  }

  draw() {
    if (!this.stale || !this.root.clientWidth) return;
    this.stale = false;
    if (this.plot) this.plot.setData(this.columns());
    else this.plot = new uPlot(this.options(), this.columns(), this.root);
  }

  // Epochs, training loss, test loss, a constant prediction's test loss, and that of the other network.
  columns() {
    const last = this.rows.at(-1);
    const here = last && this.newest?.[0] >= last[0] && !same(last, this.newest) ? [this.newest] : [];
    const rows = [...this.rows, ...here];
    const own = [...[0, 1, 2].map((index) => column(rows, index)), rows.map(() => this.constant?.[1] ?? null)];
    const columns = uPlot.join([own, [column(this.compared, 0), column(this.compared, 2)]]);
    return this.log ? columns.map((values, index) => (index ? values.map((value) => (value > 0 ? value : null)) : values)) : columns;
  }

  // In words: the best epoch, and whether it overfits.
  facts() {
    const { lowest, overfitting } = this;
    if (overfitting) {
      const { epoch, loss, test_loss: testLoss } = overfitting;
      return `Overfits since epoch ${counted(epoch)}: the test loss rose from ${rounded(testLoss[0])} to ${rounded(testLoss[1])}, while the training loss fell from ${rounded(loss[0])} to ${rounded(loss[1])}.`;
    }
    return lowest && this.rows.length > 1 ? `Lowest test loss: ${rounded(lowest[2])}, at epoch ${counted(lowest[0])}.` : "";
  }

  options() {
    const axis = { stroke: css(palette.muted), font: `12px ${getComputedStyle(document.body).fontFamily}`, grid: { stroke: css(palette.line), width: 1 }, ticks: { show: false } };
    const line = (colour, width, dash) => ({ stroke: colour, width, dash, spanGaps: true, points: { show: false } });
    const y = this.log ? { distr: 3 } : { range: (_, low, high) => [Math.min(0, low ?? 0), high || 1] };
    return {
      width: this.root.clientWidth,
      height: this.root.clientHeight,
      padding: [8, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { setScale: false, x: false } },
      scales: { x: { time: false }, y },
      axes: [{ ...axis, size: 20, gap: 2 }, { ...axis, size: 40, gap: 4, values: (_, ticks) => ticks.map(written), ...(this.log && { filter: decades, grid: { ...axis.grid, filter: decades } }) }],
      series: [
        {},
        line(css(palette.muted), 1.5),
        line(css(palette.ink), 2),
        line(css(palette.muted), 1, [2, 4]),
        line(css(palette.positive), 1.5),
      ],
      hooks: { draw: [(plot) => this.mark(plot)], setCursor: [(plot) => this.read(plot)] },
    };
  }

  // Mark the epoch with the lowest test loss, and the one to which the user has gone back.
  mark(plot) {
    const { ctx, bbox } = plot;
    const { lowest } = this;
    ctx.save();
    if (lowest && this.rows.length > 1 && (!this.log || lowest[2] > 0)) {
      ctx.beginPath();
      ctx.arc(plot.valToPos(lowest[0], "x", true), plot.valToPos(lowest[2], "y", true), 4 * devicePixelRatio, 0, 2 * Math.PI);
      ctx.fillStyle = css(palette.panel);
      ctx.fill();
      ctx.lineWidth = 2 * devicePixelRatio;
      ctx.strokeStyle = css(palette.ink);
      ctx.stroke();
    }
    if (this.place !== null) {
      ctx.fillStyle = css(palette.positive);
      ctx.fillRect(plot.valToPos(this.place, "x", true) - devicePixelRatio, bbox.top, 2 * devicePixelRatio, bbox.height);
    }
    ctx.restore();
  }

  // Report the values at the pointer.
  read(plot) {
    const { left } = plot.cursor;
    const row = left >= 0 ? nearest(this.rows, plot.posToVal(left, "x")) : null;
    this.tell(row ? `Epoch ${counted(row[0])}: training loss ${rounded(row[1])}, test loss ${rounded(row[2])}.` : "");
  }

  resize() {
    if (this.plot && this.root.clientWidth) this.plot.setSize({ width: this.root.clientWidth, height: this.root.clientHeight });
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

// The powers of ten among the ticks of a log scale, as many as fit.
function decades(_, ticks) {
  const powers = ticks.map((tick) => Math.log10(tick));
  const whole = (power) => Math.abs(power - Math.round(power)) < 1e-9;
  const step = Math.ceil(powers.filter(whole).length / 6);
  return ticks.map((tick, index) => (whole(powers[index]) && Math.round(powers[index]) % step === 0 ? tick : null));
}

function written(tick) {
  if (tick === null) return "";
  return tick >= 1e4 || (tick > 0 && tick < 1e-3) ? tick.toExponential(0) : `${+tick.toPrecision(3)}`;
}

// The row nearest to an epoch.
function nearest(rows, epoch) {
  return rows.reduce((found, row) => (found && Math.abs(found[0] - epoch) <= Math.abs(row[0] - epoch) ? found : row), null);
}
