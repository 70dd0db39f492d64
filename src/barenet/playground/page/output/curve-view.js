// The losses epoch by epoch; thinned out as they grow, so that an hour fits.

import { palette } from "../colours.js";
import { drawCurve, epochAt, nearest } from "./curve.js";
import { counted, rounded } from "../dom.js";
import { t } from "../language.js";

const MOST = 1000;

const same = (a, b) => String(a) === String(b);
const column = (rows, index) => rows.map((row) => [row[0], row[index]]);

export class CurveView {
  // `onRead`: takes the values at the pointer, in words; empty beside the curve.
  constructor(canvas, onRead) {
    Object.assign(this, {
      canvas,
      onRead,
      log: false,
      hovered: null,
      rows: [],
      compared: [],
      constant: null,
      place: null,
      lowest: null,
      overfitting: null,
      version: -1,
    });
    new ResizeObserver(() => this.repaint()).observe(canvas);
    canvas.addEventListener("pointermove", ({ offsetX }) => this.read(offsetX));
    canvas.addEventListener("pointerleave", () => this.read(null));
  }

  // `tested`: whether there is a test set, whose loss is drawn.
  describe(tested) {
    this.tested = tested;
    this.repaint();
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
    for (const row of rows)
      if (!this.rows.length || row[0] > this.rows.at(-1)[0]) this.rows.push(row);
    if (this.rows.length > MOST)
      this.rows = this.rows.filter((_, index) => index % 2 === 0 || index === this.rows.length - 1);
    const isBack = !playing && epoch < this.rows.at(-1)?.[0];
    const place = isBack ? epoch : null;
    const hasMoved = rows.length > 0 || place !== this.place;
    const isSame = same(newest, this.newest) && same(constant, this.constant);
    if (hasMoved || !isSame) this.stale = true;
    Object.assign(this, { newest, place, constant, lowest, overfitting });
  }

  // Draw the test loss of the other network, too.
  compare(rows) {
    if (rows.length !== this.compared.length || !same(rows.at(-1), this.compared.at(-1)))
      this.stale = true;
    this.compared = [...rows];
  }

  setLog(log) {
    if (log !== this.log) {
      this.log = log;
      this.repaint();
    }
  }

  draw() {
    if (!this.stale || !this.canvas.clientWidth) return;
    this.stale = false;
    const ring = this.lowest && this.rows.length > 1 ? [this.lowest[0], this.lowest[2]] : null;
    drawCurve(this.canvas, this.lines(), { ring, log: this.log });
  }

  lines() {
    const last = this.rows.at(-1);
    const isNewer = last && this.newest?.[0] >= last[0] && !same(last, this.newest);
    let measured = this.rows;
    if (isNewer) {
      const before = this.rows.filter(([epoch]) => epoch < this.newest[0]);
      measured = [...before, this.newest];
    }
    const rows = withRow(measured, this.lowest);
    const isLesson = document.body.classList.contains("in-lesson"); // which has no baseline
    const constant = isLesson ? null : (this.constant?.[1] ?? null);
    const lines = [
      { name: "training", places: column(rows, 1), colour: palette.training, width: 1.5 },
      { name: "test", places: this.tested ? column(rows, 2) : [], colour: palette.test, width: 2 },
      {
        name: "constant",
        places: rows.map(([epoch]) => [epoch, constant]),
        colour: palette.muted,
        width: 1,
        dash: [2, 4],
      },
      {
        name: "other",
        places: column(this.compared, this.tested ? 2 : 1),
        colour: palette.test,
        width: 1.5,
        dash: [6, 4],
      },
    ];
    if (this.place !== null) lines.push({ epoch: this.place, colour: palette.positive, width: 2 });
    if (this.hovered)
      lines.push({ epoch: this.hovered[0], colour: palette.muted, width: 1, dash: [4, 3] });
    return lines;
  }

  // In words: the best epoch, and whether it overfits.
  facts() {
    const { lowest, overfitting } = this;
    if (overfitting) {
      const { epoch, loss, test_loss: testLoss } = overfitting;
      return t`Overfits since epoch ${counted(epoch)}: test loss ${rounded(testLoss[0])} → ${rounded(testLoss[1])}, training loss ${rounded(loss[0])} → ${rounded(loss[1])}.`;
    }
    if (!lowest || this.rows.length < 2) return "";
    const [loss, epoch] = [rounded(lowest[2]), counted(lowest[0])];
    if (this.tested) return t`Lowest test loss: ${loss}, at epoch ${epoch}.`;
    return t`Lowest training loss: ${loss}, at epoch ${epoch}.`;
  }

  // Report the values at the pointer, so many pixels from the left.
  read(across) {
    this.hovered =
      across === null ? null : nearest(this.rows, epochAt(this.canvas, across, this.lines()));
    this.onRead(this.hovered ? this.wordsOf(this.hovered) : "");
    this.repaint();
  }

  wordsOf([epoch, loss, testLoss]) {
    if (!this.tested) return t`Epoch ${counted(epoch)}: training loss ${rounded(loss)}.`;
    return t`Epoch ${counted(epoch)}: training loss ${rounded(loss)}, test loss ${rounded(testLoss)}.`;
  }

  // Draw anew: in the colours of another theme, or of another size.
  repaint() {
    this.stale = true;
    this.draw();
  }
}

// The rows with one more, in its place, if they were thinned out and end after it.
function withRow(rows, row) {
  if (!row) return rows;
  const place = rows.findIndex(([epoch]) => epoch >= row[0]);
  if (place < 0 || rows[place][0] === row[0]) return rows;
  return rows.toSpliced(place, 0, row);
}
