// Light or dark: that of the system, until the user chooses.

import { palette } from "./colours.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

export class Theme {
  constructor(button, repaint) {
    this.repaint = repaint;
    button.addEventListener("click", () => this.turn(this.now() === "dark" ? "light" : "dark"));
    dark.addEventListener("change", () => this.turn(null));
    palette.renew();
  }

  now() {
    return document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
  }

  turn(theme) {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    palette.renew();
    this.repaint();
  }
}
