// The page: it holds the state, exchanges messages with the server, and updates the views.

import { connectLanguages } from "./language-choice.js"; // first: it waits for the catalogue
import { fromHash, haveSameEdits, noteHash, replaceHash, toHash } from "./io/address.js";
import { said, t } from "./language.js";
import { ServerTabs } from "./output/server-view.js";
import { BackwardPasses } from "./point/backward-pass.js";
import { Cells } from "./output/cells.js";
import { placesOf, progressWords } from "./lesson/class-table.js";
import { Connection } from "./io/connection.js";
import { WorkerConnection } from "./io/worker-connection.js";
import { DataPanel } from "./data/data-panel.js";
import { Digits } from "./data/digits.js";
import { button, counted, find, findAll, make, selectNumbers, show, write } from "./dom.js";
import { Drawing } from "./data/drawing.js";
import { ExportPanel } from "./io/export-panel.js";
import { FixedColumns } from "./data/fixed-columns.js";
import { HiddenSpace } from "./output/hidden-space.js";
import { inputName } from "./data/input-names.js";
import { accept, invite } from "./invitation.js";
import { Landscape } from "./output/landscape.js";
import { LessonPanel } from "./lesson/lesson.js";
import { NetworkPanel } from "./network/network-panel.js";
import { NeuronPanel } from "./network/neuron-panel.js";
import { neuronOf } from "./network/neurons.js";
import { Probe } from "./point/probe.js";
import { connectProjector } from "./projector.js";
import { share } from "./io/sharing.js";
import { SidePanel } from "./side-panel.js";
import { Theme } from "./theme.js";

// The keys of controls, which a lesson may hide.
const KEYS = { " ": "#play", ".": "#step", ",": "#batch", r: "#reset", n: "[data-action=weights]" };
const NAMES = [t`Network A`, t`Network B`];
const ANNOUNCE = 8000; // milliseconds
const LONG = 600000; // milliseconds: the tab may be opened in the background, with those of a class
const ARRIVAL = 3000; // milliseconds in which a new worker reaches an earlier epoch
const READABLE = 100; // milliseconds: numbers that change more often cannot be read

class Page {
  constructor(catalog) {
    this.catalog = catalog;
    noteHash();
    const { address, view, edits, epoch, begun, passed } = fromHash(location.hash, catalog);
    Object.assign(this, {
      address,
      view,
      planned: edits.some(({ length }) => length) ? edits : [],
      goal: epoch,
      begun,
      expected: edits[0],
      wanted: null,
      waiting: null,
      requests: 0, // for other settings: each has a number, and a state has that of the last one it answers
      pending: [], // changes without an answer: { request, act }
      chosen: 0, // the number of the request for other data
      awaited: 0, // … for the settings of another address
    });
    Object.assign(this, { news: wrongQuery(location.search, catalog), passed }); // shown once the page is open, with its lessons
    this.session = "";
    this.panels = [];
    this.frames = { received: 0, drawn: 0, version: 0 };
    this.unanswered = 0;
    this.written = 0;
    this.theme = new Theme(find("#theme"), () => this.repaint());
    this.dataPanel = new DataPanel(find(".data"), catalog, {
      change: (act) => this.change((wanted) => act(wanted.data)),
      choose: (name) => this.choose(name),
      restore: () => this.ask("restore"),
      upload: (file) => this.upload(file),
      open: (file) => this.openModel(file),
      teach: (file) => this.openLessons(file),
    });
    this.side = new SidePanel(find("#side"));
    this.neuron = new NeuronPanel(this);
    // The tools of the page. Each may have describe(), after a new state; addTo(panel), for each
    // network; take(message); follow(), after a picture; repaint(), in other colours.
    const probe = new Probe(this);
    const digits = new Digits(this, probe);
    const views = [Landscape, HiddenSpace].map((View) => new ServerTabs(this, View));
    this.lessons = new LessonPanel(find("#lesson"), this);
    const passes = new BackwardPasses(this, probe);
    Object.assign(this, { probe, passes });
    this.tools = [
      new Drawing(this),
      new FixedColumns(this),
      this.neuron,
      this.lessons,
      probe,
      passes,
      ...views,
      digits,
      new Cells(this, (...image) => digits.load(...image)),
    ];
    invite();
    this.export = new ExportPanel(find("#export"));
    this.connectControls();
    this.linkHome();
    this.dataPanel.repaint();
    const Line = catalog.worker ? WorkerConnection : Connection;
    this.line = new Line({
      ...catalog.worker,
      ...partsOf(location),
      onOpen: () => this.begin(),
      onOpened: (path, answer) => this.reopened(path, answer),
      onMessage: (message) => this.take(message),
      onKept: () => write(find("#offline"), t`Ready to use without internet`),
      onLost: (
        words = t`The server does not respond. This page reconnects automatically …`,
        part,
      ) => {
        if (!catalog.worker) {
          this.latest = null; // a picture from before does not show that it plays
          this.showPlaying(false);
        }
        this.notice(words, 0, part);
      },
    });
    setInterval(() => this.announce(), ANNOUNCE);
  }

  begin() {
    if (this.catalog.worker) this.arrive();
    else this.greet();
    if (this.news) this.notice(this.news, LONG);
    else if (this.passed !== null) this.showProgress(this.passed);
    Object.assign(this, { news: "", passed: null });
  }

  greet() {
    this.notice("");
    // A lost connection answers nothing; what waits for Python is still to be answered.
    const isKept = this.line.kept?.some(([type]) => type === "choose");
    if (!isKept) this.chosen = 0;
    Object.assign(this, { unanswered: 0, awaited: 0, pending: [] });
    this.line.send("hello", {
      session: this.session,
      ...(this.wanted ? { state: this.wanted } : { address: this.address }),
    });
  }

  // A new worker: it repeats what the page shows, of a recording or of an earlier worker.
  arrive() {
    const epochs = this.panels.map(({ header }) => header?.epoch ?? 0);
    const edits = this.edits();
    const isAtBeginning = !epochs.some(Boolean) && !edits.some(({ length }) => length);
    this.version = null; // of the new worker's settings
    this.lessons.picture.arrive();
    this.greet();
    if (!this.wanted || isAtBeginning) return;
    this.planned = [];
    this.plan(edits, epochs);
    epochs.forEach((epoch, network) => this.line.send("reach", { network, epoch }));
  }

  // Start the networks again with edits of their weights; pictures from before are not shown.
  plan(edits, epochs = edits.map(() => 0)) {
    this.arrival = { edits, epochs, until: null, version: this.version };
    edits.forEach((each, network) => this.line.send("plan", { network, edits: each }));
  }

  take(message) {
    if (message.type === "state") this.describe(message);
    else if (message.type === "points") this.points = message.arrays;
    else if (message.type === "frame") this.receive(message);
    else if (message.type === "error") this.refused(said(message.message));
    else if (message.type === "export") this.export.open(message, this.session, this.exported);
    else this.tools.forEach((tool) => tool.take?.(message));
  }

  // The server has accepted a state: show all of it.
  describe(message) {
    const { session, state, version, address, changed, data, networks } = message;
    const { answered = this.requests } = message; // a recording has no numbers
    this.described = message;
    if (answered < this.awaited) return; // it is not that of the address
    Object.assign(this, {
      session,
      state,
      version,
      address,
      data,
      wanted: structuredClone(state),
      awaits: false,
    });
    this.repeatChanges(answered);
    if (this.arrival) this.arrival.version ??= version; // of the new worker
    if (this.arrival?.version !== version) this.arrival = null; // other networks arrive as they are
    while (this.panels.length > networks.length) this.panels.pop().root.remove();
    while (this.panels.length < networks.length) this.addPanel();
    find("#networks").classList.toggle("two", networks.length > 1);
    this.tools.forEach((tool) => tool.hide?.()); // before the network is measured
    this.panels.forEach((panel, place) =>
      panel.describe({
        settings: state.networks[place],
        network: networks[place],
        data,
        name: networks.length > 1 ? NAMES[place] : t`How it learns`,
        isOneOfTwo: networks.length > 1,
        view: this.view,
        changed,
      }),
    );
    this.dataPanel.describe(state.data, data, changed);
    show(find("#pace"), state.pace);
    find("#compare").setAttribute("aria-pressed", networks.length > 1);
    find("#compare").textContent = networks.length > 1 ? t`One network` : t`Compare`;
    find("#epoch-of").textContent = networks.length > 1 ? t`Epoch of A` : t`Epoch`;
    if (this.compares && networks.length > 1) {
      this.compare();
      this.compares = false;
    }
    this.repeat();
    this.writeAddress();
    this.tools.forEach((tool) => tool.describe?.());
    if (answered >= this.chosen) this.proceed();
  }

  // Repeat the run of the address, once: its edits of weights, up to its epoch. While a recording plays, Python is not there yet.
  repeat() {
    if (this.line.ready === false) return;
    if (this.planned.length) this.plan(this.planned);
    if (this.goal) this.line.send("run_to", { epoch: this.goal });
    else if (this.starts) this.line.send("play");
    this.forget();
  }

  forget() {
    Object.assign(this, { planned: [], goal: 0, starts: false });
  }

  // Announce a second network.
  compare() {
    const [first, second] = tops(this.panels);
    const { epoch } = this.panels[0].header ?? { epoch: 0 };
    const words = [];
    if (second > first)
      words.push(t`Network B stands below network A: this window is too narrow for both.`);
    if (epoch > 0)
      words.push(
        t`Network B begins at epoch 0, network A continues from ${counted(epoch)}. Reset starts both again.`,
      );
    this.notice(words.join(" "), 5000);
  }

  addPanel() {
    const place = this.panels.length;
    const panel = new NetworkPanel(place, this.catalog, {
      change: (act) => this.change((wanted) => act(wanted.networks[place])),
      restore: () => this.ask("restore"),
      notice: (words) => this.notice(words, 8000), // as long as the setting is marked
      exported: () => {
        this.exported = place;
        this.line.send("export", { network: place });
      },
      open: (layer, neuron, row) => {
        accept("open");
        this.neuron.open(neuronOf(panel, layer, neuron), panel, { row });
      },
      slower: (rate) => {
        this.change((wanted) => (wanted.networks[place].learning_rate = rate));
        this.line.send("recover", { network: place });
      },
      feature: (name) => this.toggleInput(name),
      look: (name, value) => this.look(name, value),
    });
    this.panels.push(panel);
    this.tools.forEach((tool) => tool.addTo?.(panel));
    find("#networks").append(panel.root);
  }

  // Send a request for other settings, and return its number.
  ask(type, fields = {}) {
    this.requests += 1;
    this.line.send(type, { ...fields, request: this.requests });
    return this.requests;
  }

  // Request a change; the page shows the state that the server returns.
  change(act) {
    if (this.waiting) return this.waiting.push(act);
    act(this.wanted);
    if (this.line.ready === false) return; // Python begins with what is wanted
    const request = this.ask("configure", { state: this.wanted });
    this.pending.push({ request, act });
  }

  // A state that answers an earlier request lacks the changes since: the next request has them, too.
  repeatChanges(answered) {
    this.pending = this.pending.filter(({ request }) => request > answered);
    for (const { act } of this.pending) act(this.wanted);
  }

  // Request other data, with the settings that suit them; changes wait for them.
  choose(source) {
    this.waiting ??= [];
    this.chosen = this.ask("choose", { source });
  }

  proceed() {
    const acts = this.waiting ?? [];
    this.waiting = null;
    acts.forEach((act) => this.change(act));
  }

  refused(words) {
    this.notice(words, 8000);
    this.forget();
    document.activeElement?.blur(); // a field in use would keep what was refused
    Object.assign(this, { arrival: null, awaited: 0, compares: false });
    if (this.held) this.receive(this.held); // the edits that it waits for may be what was refused
    if (this.described) this.describe({ ...this.described, answered: this.requests });
    else if (this.address) {
      this.address = ""; // an invalid one: start with the defaults
      this.greet();
      this.notice(t`This address cannot be shown: ${words}`, 8000);
    }
  }

  // Only the newest picture is drawn, and none is answered before: where the browser draws nothing,
  // as the page is hidden, nothing more is sent.
  receive(message) {
    this.frames.received += 1;
    this.unanswered += 1;
    if (message.version === this.version)
      message.networks.forEach((header, place) => this.panels[place].receive(header));
    if (this.isArriving(message)) {
      const show = () => this.held && this.receive(this.held);
      if (!this.held) setTimeout(show, ARRIVAL + READABLE); // it may be the last one
      this.held = message;
      return this.answer();
    }
    Object.assign(this, { arrival: null, held: null });
    if (!this.latest) requestAnimationFrame((now) => this.draw(now));
    this.latest = message;
  }

  // Whether a network has not yet the epoch or the edits that it is to be shown with.
  isArriving({ networks }) {
    if (!this.arrival) return false;
    this.arrival.until ??= performance.now() + ARRIVAL; // from the first picture on
    const { edits, epochs, until } = this.arrival;
    if (performance.now() >= until) return false;
    return networks.some(({ epoch, edits: made }, place) => {
      const isDue = (edit) => edit.epoch <= epoch;
      const due = (edits[place] ?? []).filter(isDue);
      return epoch < epochs[place] || !haveSameEdits(made.filter(isDue), due);
    });
  }

  // While the state of another address is awaited, the network before may still learn: it is not of this view.
  draw(now) {
    const { latest } = this;
    if (!latest) return; // it was dropped with the connection
    this.latest = null;
    if (latest.version === this.version && this.points && !this.awaits) {
      const legible =
        now - this.written >= READABLE || !latest.networks.some((header) => header.playing);
      this.panels.forEach((panel, place) => {
        panel.curve.compare(this.panels[1 - place]?.curve.rows ?? []);
        const [output, neurons, weights] = ["output", "neurons", "weights"].map(
          (name) => latest.arrays[`${place}.${name}`],
        );
        panel.draw({ ...latest.networks[place], output, neurons, weights }, this.points, this.view);
        if (legible) panel.write();
      });
      if (legible) {
        this.written = now;
        this.follow();
      }
      this.frames.drawn += 1;
      this.frames.version = latest.version;
    }
    this.answer();
  }

  answer() {
    for (; this.unanswered > 0; this.unanswered--) this.line.send("drawn");
  }

  // Everything outside of the networks that moves with them.
  follow() {
    const { epoch, playing, saved, batch } = this.panels[0].header;
    find("#epoch").textContent = counted(epoch);
    find("#batches").textContent =
      batch[0] && !playing ? t`+ ${batch[0]} of ${batch[1]} batches` : "";
    this.showPlaying(this.panels.some((panel) => panel.header.playing));
    this.followTime(epoch, playing, saved);
    const edits = JSON.stringify(this.edits());
    if (edits !== this.editsWritten) this.writeAddress();
    this.editsWritten = edits;
    this.tools.forEach((tool) => tool.follow?.());
  }

  // The name of the page leads to the first page of the site, where there is one.
  linkHome() {
    const home = this.catalog.worker?.documentation;
    if (!home) return;
    const name = find(".home");
    name.replaceWith(
      make("a", { className: "home", href: home, title: t`To the first page` }, name.textContent),
    );
  }

  showPlaying(playing) {
    document.body.classList.toggle("playing", playing);
    find("#play").setAttribute("aria-pressed", playing);
    find("#play").setAttribute("aria-label", playing ? t`Pause` : t`Play`);
    this.playing = playing;
  }

  followTime(epoch, playing, saved) {
    const scrub = find("#scrub");
    if (saved) this.saved = saved;
    scrub.disabled = playing || (saved?.length ?? 0) < 2;
    const last = Math.max((this.saved?.length ?? 1) - 1, 0);
    scrub.max = last || 1; // with nothing to go back to, the thumb stands at the end
    if (playing || !last) scrub.value = scrub.max;
    else if (scrub !== document.activeElement)
      scrub.value = this.saved.findLastIndex((each) => each <= epoch);
    const { last: end } = this.panels[0].header;
    const isEarlier = !playing && epoch < end;
    find("#scrub-value").textContent = isEarlier
      ? t`epoch ${counted(epoch)} of ${counted(end)}`
      : t`epoch ${counted(epoch)}`;
  }

  connectControls() {
    selectNumbers();
    connectLanguages(find("#language"));
    const on = (selector, act) => find(selector).addEventListener("click", act);
    on(".skip", (event) => {
      event.preventDefault(); // its place is no address of settings
      find("#networks").focus();
    });
    if (this.catalog.worker) on("#model", (event) => this.saveModel(event));
    on("#play", () => {
      accept("play");
      this.line.send(this.playing ? "pause" : "play");
    });
    on("#step", () => this.line.send("step"));
    on("#batch", () => this.line.send("batch"));
    on("#reset", () => this.line.send("reset"));
    on("#share", () => share(this));
    connectProjector(find("#projector"), () => {
      for (const { network } of this.panels) network.fit();
      this.repaint();
    });
    on("#examples", ({ target }) => {
      if (target.closest("a")) window.scrollTo({ top: 0 }); // to the network
    });
    on("#compare", () => {
      const isAnother = this.wanted.networks.length < 2;
      this.compares = isAnother;
      this.change((wanted) => {
        const [first] = wanted.networks;
        wanted.networks = [first];
        if (isAnother) wanted.networks.push(structuredClone(first));
      });
    });
    find("#pace").addEventListener("change", ({ target }) => {
      const pace = Number(target.value);
      this.change((wanted) => (wanted.pace = pace));
    });
    find("#scrub").addEventListener("input", ({ target }) =>
      this.line.send("scrub", { epoch: this.saved?.[Number(target.value)] ?? 0 }),
    );
    document.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("keyup", (event) => {
      if (event.key === " " && this.controlOf(event)) event.preventDefault(); // it presses no button
    });
    // A click leaves no focus, so that space plays; the keyboard keeps it.
    document.addEventListener("click", ({ detail, target }) => {
      if (detail > 0) target.closest("button, a")?.blur();
    });
    document.addEventListener("click", ({ target }) => closeMore(target));
    document.addEventListener("pointerdown", ({ target }) => {
      if (this.noticeEnds && !target.closest("#notice")) this.notice("");
    });
    window.addEventListener("hashchange", () => this.readAddress());
  }

  // The control of a key, unless that is hidden, or the key is for a field.
  controlOf({ key, target, ctrlKey, metaKey, altKey }) {
    const selector = KEYS[key.toLowerCase()];
    const isForField =
      ctrlKey ||
      metaKey ||
      altKey ||
      target.closest("input:not([type=range]), select, textarea, dialog");
    if (!selector || isForField) return null;
    const isHidden = find(selector)?.checkVisibility() === false;
    return isHidden ? null : selector;
  }

  key(event) {
    const selector = this.controlOf(event);
    if (!selector) return;
    event.preventDefault();
    const isHeld = event.repeat && selector === KEYS[" "];
    if (isHeld) return; // one press plays or pauses, however long it lasts
    if (selector === KEYS.n)
      this.change(({ networks }) => networks.forEach((settings) => (settings.seed += 1)));
    else find(selector).click();
  }

  toggleInput(name) {
    if (this.hidden.includes("inputs")) return; // it could not be taken back in
    const { features } = this.wanted.data;
    const label = inputName(this.catalog.features[name], this.data);
    if (features.length === 1 && features[0] === name)
      return this.notice(
        t`A network needs an input: add another one before you remove ${label}.`,
        5000,
      );
    const taken = !features.includes(name);
    this.change(({ data }) => {
      data.features = Object.keys(this.catalog.features).filter((each) =>
        each === name ? taken : data.features.includes(each),
      );
    });
    const words = taken
      ? t`The network starts again with ${label}. Press it again to leave it out.`
      : t`The network starts again without ${label}. Press it again to take it back in.`;
    this.notice(words, 5000);
  }

  look(name, value) {
    this.view[name] = value;
    this.writeAddress();
    for (const panel of this.panels) {
      find(`[data-view=${name}]`, panel.root).checked = value;
      panel.output.draw();
      panel.curve.setLog(this.view.log);
    }
  }

  edits() {
    return this.panels.map((panel) => panel.header?.edits ?? []);
  }

  writeAddress() {
    replaceHash(toHash(this.address, this.view, this.edits()), this.catalog);
  }

  readAddress() {
    noteHash();
    const { session, address: seen, view: from } = this;
    const { address, view, edits, epoch, begun, passed } = fromHash(location.hash, this.catalog);
    if (passed !== null) {
      this.showProgress(passed);
      return this.writeAddress(); // the network stays
    }
    Object.assign(this, {
      view,
      planned: edits,
      goal: epoch,
      starts: !view.lesson && !isOfModel(address), // a model is shown as it was trained
      begun,
      expected: edits[0],
      awaits: true,
    });
    if (view.lesson) {
      this.side.close(); // what it shows is of another network
      window.scrollTo({ top: 0 }); // to the lesson's text
    }
    const isInCourse = Boolean(view.lesson);
    const wasInCourse = Boolean(from.lesson);
    if (isInCourse === wasInCourse) return this.request("configure", { address: address || "#" });
    // A course has networks of its own: those on either side of its door can be returned to.
    const earlier = { session, address: seen, view: from };
    this.left = isInCourse ? null : earlier;
    if (isInCourse) this.before = earlier;
    this.join({ address: address || "#" });
  }

  // Show the progress in an address, and offer to go on with it where some of it is new.
  showProgress(numbers) {
    const words = progressWords(numbers, this.catalog.lessons);
    const titles = this.lessons.newlyPassed(placesOf(numbers));
    if (!titles.length) return this.notice(words, LONG);
    const goOn = () => {
      this.notice("");
      this.lessons.restore(titles);
    };
    const order = button(t`Go on in this browser`, goOn, { className: "button" });
    return this.notice(words, LONG, { order });
  }

  // Return to the networks from before the course; without any, to those of a new page.
  leaveCourse() {
    this.rejoin(this.before ?? { view: fromHash("", this.catalog).view });
    this.before = null;
  }

  // Return to the lesson that was left by a link, and to its network.
  returnToCourse() {
    this.returns = true;
    this.rejoin(this.left);
    this.left = null;
  }

  rejoin({ view, ...hello }) {
    Object.assign(this, { view, awaits: true });
    this.join(hello);
  }

  // Request a network by its address; while Python is loading, it is the one to begin with.
  request(type, fields) {
    if (this.line.ready === false) Object.assign(this, { address: fields.address, wanted: null });
    else this.awaited = this.ask(type, fields);
  }

  // Leave the session for another one, which pauses it: nothing is trained unseen.
  join(hello) {
    this.line.send("pause");
    this.request("hello", hello);
  }

  async upload(file) {
    const table = await this.post(`table?name=${encodeURIComponent(file.name)}`, file);
    if (!table) return;
    this.choose(table.key);
  }

  // A file that was opened before Python was ready: by a worker that stopped, or lessons of an address.
  reopened(path, answer) {
    if (!answer.ok) this.news = answer.message;
    else if (answer.lessons)
      this.teach(answer, new URLSearchParams(path.split("?")[1]).get("name"));
  }

  // Take a course in the place of the present one, and begin with its first lesson. `key`: the one by
  // which Python knows it; `course`: its file.
  teach({ lessons, key }, course) {
    Object.assign(this.catalog, { lessons, key, course });
    this.lessons.teach(lessons);
    const { address, view, begun } = fromHash(
      location.hash.includes("lesson=") ? location.hash : `#lesson=${lessons[0].name}`,
      this.catalog,
    );
    Object.assign(this, { address, view, begun, wanted: null, left: null });
  }

  async openLessons(file) {
    const { session, address, view } = this;
    const answer = await this.post(`lessons?name=${encodeURIComponent(file.name)}`, file);
    if (!answer) return;
    if (!view.lesson) this.before = { session, address, view }; // to return to
    this.teach(answer, file.name);
    this.join({ address: this.address });
  }

  openModel(file) {
    return this.post(`open/${this.session}`, file);
  }

  // Without a server, Python hands the file to the page.
  async saveModel(event) {
    event.preventDefault();
    const content = await this.line.save(event.target.getAttribute("href"));
    if (content instanceof ArrayBuffer) saveAs("model.safetensors", new Blob([content]));
  }

  // Upload a file, and show an error if it cannot be used.
  async post(path, file) {
    const answer = await this.line.upload(path, file);
    if (!answer.ok) this.notice(answer.message, 30000);
    return answer.ok ? answer : null;
  }

  // With the share of what is loaded, or a button, where they are given.
  notice(words, milliseconds, { share, order } = {}) {
    const place = find("#notice");
    clearTimeout(this.noticeTimer);
    place.replaceChildren(words);
    if (share !== undefined)
      place.append(make("progress", { max: 1, value: share, "aria-label": words }));
    if (order) place.append(order);
    place.hidden = !words;
    this.noticeEnds = Boolean(milliseconds); // then a press beside it ends it, too
    if (milliseconds) this.noticeTimer = setTimeout(() => this.notice(""), milliseconds);
  }

  announce() {
    const words = this.panels.map((panel) => panel.summary()).join(" ");
    if (words && words !== this.announced) find("#live").textContent = words;
    this.announced = words;
    this.panels.forEach((panel) =>
      panel.output.canvas.setAttribute(
        "aria-label",
        `${t`The network's output over the plane`}. ${panel.summary()}`,
      ),
    );
  }

  repaint() {
    this.dataPanel.repaint();
    for (const panel of this.panels) panel.repaint();
    this.tools.forEach((tool) => tool.repaint?.());
    if (this.panels[0]?.frame)
      this.panels.forEach((panel) => panel.draw(panel.frame, this.points, this.view));
  }
}

// Whether an address names a model that was opened.
const isOfModel = (address) =>
  new URLSearchParams(address).get("data")?.startsWith("model:") ?? false;

// A click beside an open panel closes it; on a phone, where it is a part of the page, it stays.
function closeMore(target) {
  for (const more of findAll(".more[open]")) {
    if (!more.contains(target) && getComputedStyle(find(".fields", more)).position === "absolute")
      more.open = false;
  }
}

function saveAs(name, blob) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

// Of an address: lessons from elsewhere, whether the page is part of another one, and its recording.
function partsOf({ hash, search }) {
  const words = new URLSearchParams(search);
  const lessons = words.get("lessons");
  return {
    ...(lessons && { lessons }),
    embedded: words.has("embedded"),
    opening: lessons ? "" : hash.slice(1) || "start",
  };
}

// Words on lessons that this address cannot open.
function wrongQuery(search, { worker }) {
  const isWrong = ([name, value]) =>
    (/lesson/i.test(name) || value.endsWith(".json")) && !(worker && name === "lessons");
  const wrong = [...new URLSearchParams(search)].find(isWrong);
  const name = wrong ? wrong[0] : "";
  if (!name) return "";
  if (worker)
    return t`This address contains ?${name}=…; to open lessons, use ?lessons=FILE or #lesson=NAME.`;
  return t`To open lessons, name their file in the command, as in barenet play lesson.json.`;
}

const tops = (panels) => panels.map((panel) => panel.root.getBoundingClientRect().top);

fetch("catalog.json")
  .then((response) => response.json())
  .then((catalog) => (window.barenet = new Page(catalog)));
