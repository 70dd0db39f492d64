// The tabs of a network's output: its map, and other pictures that take the place of the map.

import { button, find } from "../dom.js";
import { t } from "../language.js";

// The names of tabs, as lessons have them, and as they are shown.
export const TITLES = {
  Output: t`Output`,
  Landscape: t`Landscape`,
  "Hidden space": t`Hidden space`,
  Draw: t`Draw`,
};

export class OutputTabs {
  // `root` holds `.tabs` and `.map-view`; `drawMap()` draws the map, which was not drawn while hidden.
  constructor(root, drawMap) {
    Object.assign(this, { root, drawMap });
    this.list = find(".tabs", root);
    this.tabs = [];
    this.add("Output", { root: find(".map-view", root) });
  }

  // A view has `root`, an element; `suits(data)`, whether there is something to show;
  // `awaits(data)`, whether there will be, once points are drawn: its tab has its place already;
  // `draw(frame, points)`, while it is shown.
  add(name, view) {
    const title = TITLES[name];
    const tab = button(title, () => this.select(view), { className: "tab", role: "tab" });
    this.tabs.push({ name, tab, view });
    this.list.append(tab);
    if (view.root.parentNode !== this.root) find(".map-view", this.root).after(view.root);
    this.select(this.tabs[0].view);
  }

  // Show a picture by its name.
  open(name) {
    const isOpen = ({ name: own, tab }) => own === name && !tab.hidden && !tab.disabled;
    const { view } = this.tabs.find(isOpen) ?? this.tabs[0];
    this.select(view);
  }

  select(view) {
    this.selected = view;
    for (const each of this.tabs) {
      each.view.root.hidden = each.view !== view;
      each.tab.setAttribute("aria-selected", each.view === view);
    }
    this.drawMap();
    this.draw();
  }

  // Lay the map over another picture, as long as it shows a neuron.
  peek(shown) {
    const { root } = this.tabs[0].view;
    const covers = this.selected.root !== root;
    root.classList.toggle("peek", shown && covers);
    root.hidden = covers && !shown;
  }

  describe(data) {
    for (const { tab, view } of this.tabs) {
      tab.hidden = Boolean(view.suits && !view.suits(data));
      tab.disabled = Boolean(view.awaits && view.awaits(data));
    }
    this.list.hidden = this.tabs.filter(({ tab }) => !tab.hidden).length < 2;
    const { tab } = this.tabs.find(({ view }) => view === this.selected);
    if (tab.hidden || tab.disabled) this.select(this.tabs[0].view);
  }

  draw(frame = this.frame, points = this.points) {
    Object.assign(this, { frame, points });
    if (frame && points) this.selected.draw?.(frame, points);
  }
}
