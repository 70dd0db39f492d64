// Colours: from orange over nothing to blue, which all eyes tell apart; and one for each class.

const read = (name) => {
  const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  return [1, 3, 5].map((start) => parseInt(text.slice(start, start + 2), 16));
};

const mix = (a, b, share) =>
  a.map((value, index) => Math.round(value + share * (b[index] - value)));
const pack = ([red, green, blue]) => (255 << 24) | (blue << 16) | (green << 8) | red;
export const css = ([red, green, blue], alpha = 1) => `rgb(${red} ${green} ${blue} / ${alpha})`;

const GROUND = 0.72; // of a colour's strength, so that points are visible on the output

class Palette {
  renew() {
    this.negative = read("--negative");
    this.positive = read("--positive");
    this.middle = read("--middle");
    this.ink = read("--ink");
    this.muted = read("--muted");
    this.line = read("--line");
    this.training = read("--training");
    this.test = read("--test");
    this.panel = read("--panel");
    this.classes = Array.from({ length: 10 }, (_, index) => read(`--class-${index}`));
    // Of each class, from unsure to sure.
    this.classRamps = this.classes.map((colour) =>
      Uint32Array.from({ length: 128 }, (_, sure) =>
        pack(mix(this.middle, colour, GROUND * (0.2 + 0.8 * (sure / 127) ** 2))),
      ),
    );
    this.ramp = Uint32Array.from({ length: 256 }, (_, index) =>
      pack(mix(this.middle, this.at((index - 128) / 127), GROUND)),
    );
  }

  // The colour of a value from −1 to 1. The root makes what is near 0 easier to see.
  at(value) {
    const share = Math.min(1, Math.abs(value)) ** 0.8;
    return mix(this.middle, value < 0 ? this.negative : this.positive, share);
  }

  ofClass(index, sure = 1) {
    return mix(this.middle, this.classes[index % this.classes.length], sure);
  }
}

export const palette = new Palette();
