// The export of a network: a model file, a command, a script.

import { find, findAll, make } from "./dom.js";
import { t } from "./language.js";

export class ExportPanel {
  constructor(dialog) {
    this.dialog = dialog;
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    for (const button of findAll("[data-copy]", dialog)) {
      button.addEventListener("click", async () => {
        const copied = await copy(find(`#${button.dataset.copy}`, dialog).textContent);
        button.textContent = copied ? t`Copied` : t`Select and copy by hand`;
      });
    }
  }

  open({ command, code, notes }, session, place) {
    find("#command", this.dialog).textContent = command;
    find("#code", this.dialog).textContent = code;
    for (const part of findAll(".run", this.dialog)) part.hidden = !command; // a model has none
    find("#notes", this.dialog).replaceChildren(...notes.map((note) => make("li", {}, note)));
    find("#model", this.dialog).href = `model/${session}/${place}`;
    if (!this.dialog.open) this.dialog.showModal();
  }
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
