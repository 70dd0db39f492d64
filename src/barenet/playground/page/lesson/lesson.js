// The course: lessons, each with conditions that the server checks on the network of the page.

import { haveSameEdits, placeOf, sectionOf } from "../io/address.js";
import { connectClass } from "./class-table.js";
import { button, connect, find, findAll, make, onceDrawn, parts, write } from "../dom.js";
import { said, t } from "../language.js";
import { hasKeysOfItsOwn, StepPicture } from "./lesson-step.js";
import { logLoss } from "./log-loss.js";
import { recall, remember } from "../io/memory.js";
import { Questions } from "./questions.js";
import { copyAddress } from "../io/sharing.js";

const KEY = "barenet: lessons passed";
const CHECK = 250; // milliseconds
const TRAINING = ["#play", "#step", "#batch"];
const HEADER = 50; // pixels of a phone, above what is seen
const FOOT = 57; // … below it
const FORMULA = / = .*[^.?!:…]$/;

export class LessonPanel {
  constructor(root, page) {
    Object.assign(
      this,
      { root, page, lessons: page.catalog.lessons },
      parts(root, {
        story: ".story",
        conditions: ".conditions",
        result: ".result",
        back: "[data-action=back]",
        forward: "[data-action=forward]",
        next: "[data-action=next]",
        finish: "[data-action=finish]",
        goal: ".goal",
        figure: ".figure",
        dots: ".dots",
        hints: ".hints",
        hint: "[data-action=hint]",
        steps: ".steps",
      }),
    );
    this.picture = new StepPicture(page);
    this.questions = new Questions(find(".questions", root), () => this.answered());
    this.sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(this.sheet);
    this.hide();
    this.teach(this.lessons);
    find("#course").addEventListener("click", () => this.openCourse());
    find("#play").addEventListener("click", () => this.showPicture());
    const learners = find("#class");
    const plans = t`The documentation has [plans of 45 minutes and worksheets](teachers.html).`;
    find(".plans", learners).replaceChildren(...linked(plans, documentationOf(page.catalog)));
    connectClass(learners, page.catalog);
    connect(root, {
      hint: () => this.showHint(),
      again: () => this.open(this.lesson),
      back: () => this.go(this.step - 1),
      forward: () => this.go(this.step + 1),
      next: () => this.open(this.lessons[this.place + 1]),
      point: () => this.showPoint(),
      leave: () => this.leave(),
      finish: () => this.leave(),
      progress: () => this.shareProgress(),
      learners: () => learners.showModal(),
    });
    for (const selector of TRAINING)
      find(selector).addEventListener("click", () => (this.isTried = true));
    document.addEventListener("keydown", (event) => this.key(event));
    const contents = find(".contents", root);
    document.addEventListener("click", ({ target }) => {
      const isChoice = Boolean(target.closest(".contents :is(a, [data-action=again])"));
      if (isChoice || !contents.contains(target)) contents.open = false;
    });
    this.bar = find(".bar");
    const sizes = new ResizeObserver(() => this.measure());
    for (const each of [root, this.bar]) sizes.observe(each);
  }

  // What is below, and what stays in view, leaves room for the words.
  measure() {
    const { style } = document.body;
    style.setProperty("--lesson-height", `${this.root.offsetHeight}px`);
    style.setProperty("--bar-height", `${this.bar.offsetHeight}px`);
  }

  teach(lessons) {
    this.lessons = lessons;
    find("#course").hidden = !lessons.length;
    this.count();
  }

  // Nothing that the course hides is shown, also of what is made later.
  hide() {
    const { controls } = this.page.catalog;
    const lesson = this.lessons[this.place];
    const names = [...this.page.view.hide.split("~"), ...(lesson?.hide ?? [])].filter((name) =>
      Object.hasOwn(controls, name),
    );
    this.page.hidden = names;
    this.sheet.replaceSync(
      names.map((name) => `:is(${controls[name]}) { display: none !important; }`).join("\n"),
    );
    const hidden = [...names.map((name) => controls[name]), "[hidden]", "#taught"].join(", ");
    const settingsOfData = findAll(".data :is(select, input, button, summary)");
    const isBare = settingsOfData.every((control) => control.closest(`:is(${hidden})`));
    find(".data").classList.toggle("bare", isBare);
    for (const settings of findAll(".learning")) {
      settings.classList.remove("bare");
      const inside = findAll("select, input, button, summary", settings);
      settings.classList.toggle("bare", !inside.some((control) => control.checkVisibility()));
    }
  }

  get place() {
    return this.lessons.findIndex((each) => each.name === this.page.view.lesson);
  }

  // Whether the page is at the lesson that is shown. Until the state of another one arrives, or of
  // none, it is not.
  get isHere() {
    return Boolean(this.lesson) && this.lesson.name === this.page.view.lesson;
  }

  // The place of the step in its lesson.
  get step() {
    const lesson = this.lessons[this.place];
    return lesson ? placeOf(this.page.view.step, lesson) : 0;
  }

  // Go to another step; one with settings of its own begins with them.
  go(place) {
    const { lesson, page, step } = this;
    if (!this.isHere || !lesson.steps[place]) return;
    if (sectionOf(lesson, place) === sectionOf(lesson, step)) {
      page.view.step = place > 0 ? String(place + 1) : "";
      page.writeAddress();
      this.showStep();
      return;
    }
    this.isStepping = true; // the answers stay
    this.holdOn();
    this.visit(lesson, place);
  }

  visit(lesson, place) {
    const step = place > 0 ? `&step=${place + 1}` : "";
    history.pushState(null, "", `#lesson=${lesson.name}${step}`); // read at once, before a picture rewrites it
    this.page.readAddress();
  }

  // Arrow keys lead from step to step, unless they move what has the focus.
  key(event) {
    const { key, target, repeat, ctrlKey, metaKey, altKey } = event;
    if (repeat && key === "Enter" && target.matches("#lesson button")) {
      event.preventDefault(); // one press is one click, however long it is held
      return;
    }
    const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
    const isFree = this.isHere && !ctrlKey && !metaKey && !altKey && !hasKeysOfItsOwn(target);
    if (!by || !isFree || (by > 0 && this.forward.disabled)) return;
    event.preventDefault();
    this.go(this.step + by);
  }

  // Return to the lesson that was left, or open the first one that was not passed.
  openCourse() {
    if (this.page.left) {
      this.page.returnToCourse();
      return;
    }
    const done = passed();
    const open = this.lessons.find(({ title }) => !done.includes(title));
    this.open(open ?? this.lessons[0]);
  }

  open(lesson) {
    this.holdOn();
    this.visit(lesson, 0);
  }

  leave() {
    this.page.leaveCourse();
    find("#play").focus();
  }

  // A new state: of a lesson that has begun, or of the present one.
  describe() {
    const lesson = this.lessons[this.place] ?? null;
    this.root.hidden = !lesson;
    document.body.classList.toggle("in-lesson", Boolean(lesson));
    this.hide(); // a lesson shows settings that the page has below More
    const isAnew = lesson !== this.lesson || (this.page.begun && !this.isStepping);
    if (lesson && isAnew) this.begin(lesson);
    else if (this.page.begun) this.started = false; // the network of another step
    this.isStepping = false;
    if (!lesson && this.page.view.lesson)
      this.page.notice(t`There is no lesson “${this.page.view.lesson}” here.`, 8000);
    if (!lesson) Object.assign(this.page.view, { lesson: "", step: "" });
    if (!lesson && this.lesson) this.picture.show(null);
    this.lesson = lesson;
    const isShown = this.shown === lesson?.steps[this.step];
    if (lesson && (isAnew || this.page.begun || !isShown)) this.showStep(this.page.returns);
    Object.assign(this.page, { begun: false, returns: false });
    this.count();
    this.picture.describe();
    if (this.started) this.request();
  }

  // The point of the lesson is probed again, also after a reload.
  showPoint() {
    const { probe, term } = this.pictureOf(this.lesson.steps[this.step]);
    Object.assign(this.page.view, { probe, pass: term });
    this.page.tools.forEach((tool) => tool.follow?.());
    const { root } = this.page.side;
    if (!root.hidden) root.focus({ preventScroll: true }); // the button is not shown beside it
  }

  // The picture of a step: its own, or that of the lesson.
  pictureOf(step) {
    const { lesson } = this;
    const tab = step.tab || lesson.tab;
    const term = step.term >= 0 ? String(step.term) : "";
    if (step.probe) return { tab, probe: step.probe, term, isQuiet: !term };
    return { tab, probe: probeOf(lesson), term: term || passOf(lesson) };
  }

  // The epoch up to which a step trains: its own, or that of the steps before it, whose picture its
  // words are about. Nothing is trained for the task at the end.
  epochOf(place) {
    const { lesson } = this;
    const { run } = lesson.steps[place];
    const isTask = lesson.checked && place === lesson.steps.length - 1;
    if (run >= 0 || isTask) return run;
    const first = Math.max(sectionOf(lesson, place), 0);
    const before = lesson.steps.slice(first, place).findLast((step) => step.run >= 0);
    return before && before.run > 0 ? before.run : run;
  }

  // The words of the step, its question, and its picture.
  showStep(isBack = false) {
    const { lesson, step: place } = this;
    const step = lesson.steps[place];
    this.shown = step;
    this.isTried = isBack;
    this.untouched = null;
    this.conditions.replaceChildren(); // they were judged by what was tried before
    if (!this.root.classList.contains("passed")) this.result.replaceChildren();
    const isLast = place === lesson.steps.length - 1;
    this.story.replaceChildren(...storyOf(step));
    this.figure.replaceChildren(...(step.picture === "log_loss" ? [logLoss()] : []));
    this.root.classList.toggle("at-end", isLast);
    this.goal.hidden = !isLast || !lesson.checked;
    this.questions.showStep(place, isLast);
    const pressed = [this.back, this.forward].find((each) => each === document.activeElement);
    this.holdOn();
    this.back.disabled = place === 0;
    this.forward.hidden = isLast;
    // Not on the other button: a second press of the key would undo the first one.
    if (pressed?.hidden || (pressed === this.back && place === 0))
      this.root.focus({ preventScroll: true });
    this.next.hidden = !isLast || this.isLastLesson;
    this.showFinish();
    this.dots.replaceChildren(
      ...lesson.steps.map((_, index) => make("i", { className: index <= place ? "done" : "" })),
    );
    const { length } = lesson.steps;
    write(find(".step-of", this.root), length > 1 ? t`Step ${place + 1} of ${length}` : "");
    this.dots.hidden = length < 2;
    this.showHelp();
    const picture = { ...this.pictureOf(step), epoch: this.epochOf(place) };
    find("[data-action=point]", this.root).hidden = !picture.probe || picture.isQuiet;
    this.picture.show(step, { ...picture, isBack });
    if (this.started) {
      this.picture.follow();
      this.request();
    }
    this.markOpen();
    this.cancelDrawn = onceDrawn(() => this.goOn());
    scrollTo({ top: 0 });
  }

  // The way on stands out once the step asks for nothing more.
  markOpen() {
    this.root.classList.toggle("is-asking", this.questions.openSteps().includes(this.step));
  }

  answered() {
    this.markOpen();
    this.request();
  }

  get isLastLesson() {
    return this.place === this.lessons.length - 1;
  }

  // After the last lesson, the way on leads to the playground.
  showFinish() {
    const isPassed = this.root.classList.contains("passed");
    const isAtEnd = this.root.classList.contains("at-end");
    this.finish.hidden = !(isPassed && isAtEnd && this.isLastLesson);
  }

  // Whether something is to be done: at the end, and where something is worked out. What a step
  // shows before is not the learner's work.
  get isTask() {
    const { lesson, step } = this;
    if (!this.isHere) return false;
    return !lesson.checked || step === lesson.steps.length - 1;
  }

  // Help belongs to what is to be done.
  showHelp() {
    this.hint.hidden = !this.isTask || this.hinted === this.lesson.hints.length;
    this.hints.hidden = !this.isTask;
    find(".outcome", this.root).hidden = !this.isTask;
  }

  // On a phone, the picture that learns comes into view, once, unless a panel lies over its place.
  showPicture() {
    const { panels, playing, side } = this.page;
    if (!this.lesson || playing || !side.root.hidden || !isNarrow()) return;
    const { root } = panels[0].tabs.selected;
    const picture = find(".plot:not([hidden]) > :is(.map, .surface)", root) ?? root;
    const { top, bottom } = picture.getBoundingClientRect();
    if (top < HEADER || bottom > innerHeight - FOOT) picture.scrollIntoView({ block: "nearest" });
  }

  begin(lesson) {
    clearTimeout(this.timer); // it was set by an earlier lesson
    Object.assign(this, { timer: 0, started: this.page.returns, hinted: 0 });
    this.hasPaused = false;
    for (const each of [this.hints, this.conditions, this.result]) each.replaceChildren();
    this.lesson = lesson;
    this.questions.begin(lesson.steps, lesson.checked);
    this.root.classList.toggle("asks-only", !lesson.checked);
    this.picture.step = null; // the same lesson anew shows its picture again
    this.root.classList.remove("passed");
    const isOnly = this.lessons.length === 1;
    find("[data-action=leave]", this.root).textContent = isOnly
      ? t`Leave the lesson`
      : t`Leave the course`;
    find(".place", this.root).textContent = isOnly
      ? t`Lesson`
      : t`Lesson ${this.place + 1} of ${this.lessons.length}`;
    find("h2", this.root).textContent = said(lesson.title);
    this.listSteps(passed());
  }

  // Next is disabled until its step is drawn: a second click skips no step that was not seen.
  holdOn() {
    this.cancelDrawn?.();
    this.hadFocus ||= [this.forward, this.next].includes(document.activeElement);
    this.forward.disabled = true;
    this.next.disabled = true;
  }

  goOn() {
    this.forward.disabled = false;
    this.next.disabled = !passed().includes(this.lesson?.title);
    // The focus stays at the foot of the card, though a button that is disabled loses it.
    if (this.hadFocus && !this.forward.hidden) this.forward.focus();
    this.hadFocus = false;
  }

  listSteps(done) {
    const { lessons, place } = this;
    this.steps.replaceChildren(
      ...lessons.map((each, index) => {
        const isDone = done.includes(each.title);
        const step = make("a", { href: `#lesson=${each.name}` }, said(each.title));
        if (isDone)
          step.append(
            make("span", { className: "tick", role: "img", "aria-label": t`passed` }, " ✓"),
          );
        if (index === place) step.setAttribute("aria-current", "step");
        return make("li", {}, step);
      }),
    );
  }

  showHint() {
    this.hints.append(make("li", {}, said(this.lesson.hints[this.hinted])));
    this.hinted += 1;
    this.showHelp();
    this.hints.lastChild.scrollIntoView({ block: "nearest" });
  }

  follow() {
    const { header } = this.page.panels[0];
    // Nothing before the lesson counts: no earlier training, and no weights without its changes.
    this.started ||= header.epoch === 0 && haveSameEdits(header.edits, this.page.expected);
    if (!this.started) return;
    this.picture.follow();
    this.request();
  }

  // Request a check, and not more of them than can be read.
  request() {
    if (this.timer || !this.isTask) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      if (!this.lesson) return;
      const course = this.page.catalog.key ?? ""; // of a file that was opened on this page
      this.page.line.send("check", { network: 0, lesson: this.lesson.name, course });
    }, CHECK);
  }

  take({ type, lesson, conditions, passed: reached }) {
    if (type !== "check" || !this.started || lesson !== this.lesson?.name || !this.isTask) return;
    if (this.root.classList.contains("passed")) return;
    const height = this.root.offsetHeight;
    this.noticeChanges();
    conditions.forEach((each, index) =>
      this.show(each, this.conditions.children[index] ?? this.add()),
    );
    const open = this.lesson.checked ? [] : this.questions.openSteps();
    if (reached && !open.length) {
      this.pauseTraining();
      this.pass();
      const growth = this.root.offsetHeight - height;
      if (isNarrow()) scrollBy({ top: growth, behavior: "instant" }); // the picture stays
    } else if (open.length && this.root.classList.contains("at-end")) this.showOpen(open);
    else write(this.result, this.adviceOn(conditions));
  }

  // The steps whose questions are still to be answered, each as a way there.
  showOpen(places) {
    const others = places.filter((place) => place !== this.step);
    const links = others.map((place) =>
      button(t`Step ${place + 1}`, () => this.go(place), { className: "link" }),
    );
    const parts = links.flatMap((link) => [" ", link]);
    this.result.replaceChildren(...(links.length ? [t`Still to be answered:`, ...parts] : []));
  }

  // Once a lesson is passed, its network stays as it is: what was reached is not lost again.
  pauseTraining() {
    const isTraining = this.page.panels.some(({ header }) => header?.playing);
    if (!isTraining) return;
    this.hasPaused = true;
    this.page.line.send("pause");
  }

  // Note whether the learner has changed settings or weights since the step was opened: until then,
  // and until something was trained, nothing is judged.
  noticeChanges() {
    const { version, panels } = this.page;
    const state = JSON.stringify([version, panels[0].header?.edits]);
    this.untouched ??= state;
    if (state !== this.untouched) this.isTried = true;
  }

  // Words on the first condition that does not hold, once the network rests after some training, or
  // has been trained for too long.
  adviceOn(conditions) {
    if (!this.isTried) return "";
    const { epoch, playing } = this.page.panels[0].header ?? {};
    const missing = conditions.find(({ holds }) => !holds);
    // A network that was not reset runs on from the epoch at which it should have stopped.
    const { stop_epoch: stop } = this.page.panels[0].settings;
    const isPast = stop > 0 && epoch > stop;
    const hasTrained = epoch > 0 && (!playing || isPast);
    if (!missing || !hasTrained) return "";
    const needed = t`${said(missing.words)} is needed, and it is ${said(missing.value)}.`;
    return `${t`Not yet.`} ${said(missing.otherwise) || needed}`;
  }

  add() {
    const item = make(
      "li",
      {},
      make("span", { className: "tick", role: "img" }),
      make("span", { className: "aim" }),
      make("output", {}),
    );
    this.conditions.append(item);
    return item;
  }

  show({ words, value, holds }, item) {
    const [tick, name, now] = item.children;
    item.classList.toggle("holds", holds && this.isTried);
    let mark = { sign: "•", label: t`not tried yet` };
    if (this.isTried && holds) mark = { sign: "✓", label: t`reached` };
    else if (this.isTried) mark = { sign: "○", label: t`not reached` };
    write(tick, mark.sign);
    tick.setAttribute("aria-label", mark.label);
    write(name, said(words));
    write(now, t`now ${said(value)}`);
  }

  // The number of passed lessons, on the button of the course, or the lesson that was left for something else.
  count() {
    const { length } = this.numbers();
    const left = this.lessons.findIndex((each) => each.name === this.page.left?.view.lesson);
    let words = t`Course`;
    if (left >= 0) words = t`Back to lesson ${left + 1}`;
    else if (length) words = t`Course ${length}/${this.lessons.length}`;
    find("#course").textContent = words;
  }

  // The titles of lessons that were passed elsewhere, and not in this browser. `places`: their
  // numbers; null without any.
  newlyPassed(places) {
    const done = passed();
    const titles = this.lessons.map(({ title }) => title);
    return titles.filter((title, index) => places?.includes(index + 1) && !done.includes(title));
  }

  // Remember lessons that were passed elsewhere, and go on with the first one that was not.
  restore(titles) {
    keep(titles);
    this.count();
    this.openCourse();
  }

  // The numbers of the lessons that were passed, in an address for the learner and a teacher.
  shareProgress() {
    copyAddress(
      this.page,
      `passed=${this.numbers().join(".")}`,
      this.page.catalog.worker
        ? t`Your progress is copied, as a link. Open it to go on in another browser, or send it to your teacher.`
        : t`Your progress is copied, as a command. Run it to go on in another browser, or send it to your teacher.`,
    );
  }

  numbers() {
    const done = passed();
    return this.lessons.flatMap(({ title }, index) => (done.includes(title) ? [index + 1] : []));
  }

  pass() {
    const { title, success } = this.lesson;
    const done = keep([title]);
    this.listSteps(done);
    this.count();
    this.root.classList.add("passed");
    for (const panel of this.page.panels) panel.write();
    this.questions.reveal();
    this.markOpen();
    this.next.disabled = false;
    let words = `${t`Passed!`} ${this.questions.score}${said(success)}`;
    if (this.hasPaused) words += ` ${t`The training is paused; ▶ continues it.`}`;
    if (this.isLastLesson) words += ` ${ending(this.lessons, done)}`;
    this.result.replaceChildren(...linked(words, documentationOf(this.page.catalog)));
    this.showFinish();
    // The result comes into view: on a phone, it is at the foot of the window.
    const result = isNarrow() ? find(".onward", this.root) : this.root;
    result.scrollIntoView({ block: "nearest" });
  }
}

// Whether the cards lie one below the other.
const isNarrow = () => matchMedia("(max-width: 980px)").matches;

// The words of a step, with its formula.
function storyOf({ text, formula }) {
  const story = text.map((words) =>
    make("p", { className: FORMULA.test(words) ? "sum" : "" }, said(words)),
  );
  if (formula) story.push(make("p", { className: "sum" }, said(formula)));
  return story;
}

// The address of the documentation: beside this page, or where the package names it; "" if nowhere.
const documentationOf = ({ worker, documentation }) => worker?.documentation ?? documentation;

// Words with links to pages of the documentation, [words](page.html), where its address is known.
function linked(words, home) {
  return words.split(/(\[[^\]]+\]\([\w/-]+\.html(?:#[\w-]+)?\))/).map((part, place) => {
    const isLink = place % 2 === 1; // `split` puts what the group matches between the other parts
    if (!isLink) return make("span", {}, part);
    const [, text, page] = part.split(/[[\]()]+/);
    if (!home) return make("span", {}, text);
    return make("a", { href: home + page, target: "_blank" }, text);
  });
}

// The words after the last lesson.
function ending(lessons, done) {
  if (lessons.length === 1) return "";
  const open = lessons.flatMap(({ title }, index) => (done.includes(title) ? [] : [index + 1]));
  return open.length
    ? t`That was the last lesson. Still open: ${open.join(", ")}.`
    : t`That was the last lesson: you have passed the whole course.`;
}

const probeOf = ({ address }) => new URLSearchParams(address).get("probe") ?? "";

const passOf = ({ address }) => new URLSearchParams(address).get("pass") ?? "";

const passed = () => JSON.parse(recall(KEY) ?? "[]");

// Remember that more lessons were passed, and return the titles of all.
function keep(titles) {
  const done = [...new Set([...passed(), ...titles])];
  remember(KEY, JSON.stringify(done));
  return done;
}
