// The export of a network: a model file and a script.

import { find, findAll } from "../dom.js";
import { said, t } from "../language.js";

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

  open({ code, note }, session, place) {
    find("#code", this.dialog).textContent = code;
    for (const part of findAll(".run", this.dialog)) part.hidden = !code; // a model has none
    find("#note", this.dialog).textContent = said(note);
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
