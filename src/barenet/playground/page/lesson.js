// The course: lessons, each with conditions that the server checks on the network of the page.

import { connect, find, findAll, make, parts, table, write } from "./dom.js";
import { logLoss } from "./log-loss.js";
import { recall, remember } from "./memory.js";
import { Questions } from "./questions.js";
import { copyAddress } from "./sharing.js";

const KEY = "barenet: lessons passed";
const CHECK = 250; // milliseconds
const TWO_CLICKS = 800; // milliseconds
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
        next: "[data-action=next]",
        hints: ".hints",
        hint: "[data-action=hint]",
        steps: ".steps",
      }),
    );
    this.questions = new Questions(find(".questions", root), () => this.request());
    this.sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(this.sheet);
    this.hide();
    this.teach(this.lessons);
    find("#taught").hidden = !page.catalog.worker; // a server is started with them
    find("#course").addEventListener("click", () => this.openCourse());
    find("#play").addEventListener("click", () => this.showPicture());
    const learners = find("#class");
    const plans = "The documentation has [plans of 45 minutes and worksheets](teachers.html).";
    find(".plans", learners).replaceChildren(...linked(plans, page.catalog.worker?.documentation));
    find("textarea", learners).addEventListener("input", ({ target }) =>
      find(".many", learners).replaceChildren(
        ...classTable(target.value, this.lessons, page.catalog.course),
      ),
    );
    connect(root, {
      hint: () => this.showHint(),
      again: () => this.open(this.lesson),
      next: () => this.open(this.lessons[this.place + 1]),
      point: () => this.showPoint(),
      leave: () => this.leave(),
      progress: () => this.shareProgress(),
      learners: () => learners.showModal(),
    });
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
    for (const settings of findAll(".learning")) {
      settings.classList.remove("bare");
      const inside = findAll("select, input, button, summary", settings);
      settings.classList.toggle("bare", !inside.some((control) => control.checkVisibility()));
    }
  }

  get place() {
    return this.lessons.findIndex((each) => each.name === this.page.view.lesson);
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
    this.next.disabled = true; // a second click skips no lesson
    clearTimeout(this.clicks); // of the lesson that is left
    history.pushState(null, "", `#lesson=${lesson.name}`); // read at once, before a picture rewrites it
    this.page.readAddress();
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
    if (lesson && (lesson !== this.lesson || this.page.begun)) this.begin(lesson);
    if (!lesson && this.page.view.lesson)
      this.page.notice(`There is no lesson “${this.page.view.lesson}” here.`, 8000);
    if (!lesson) this.page.view.lesson = "";
    if (!lesson && this.lesson) this.showTab("Output");
    this.lesson = lesson;
    Object.assign(this.page, { begun: false, returns: false });
    this.count();
    if (this.started) this.request();
  }

  // The point of the lesson is probed again, also after a reload.
  showPoint() {
    this.page.view.probe ||= probeOf(this.lesson);
    this.page.view.pass ||= passOf(this.lesson);
    this.page.tools.forEach((tool) => tool.follow?.());
  }

  // On a phone, the picture that learns comes into view, once, unless a panel lies over its place.
  showPicture() {
    const { panels, playing, side } = this.page;
    if (!this.lesson || playing || !side.root.hidden || !matchMedia("(max-width: 980px)").matches)
      return;
    const { root } = panels[0].tabs.selected;
    const picture = find(".plot:not([hidden]) > :is(.map, .surface)", root) ?? root;
    const { top, bottom } = picture.getBoundingClientRect();
    if (top < HEADER || bottom > innerHeight - FOOT) picture.scrollIntoView({ block: "nearest" });
  }

  begin(lesson) {
    clearTimeout(this.timer); // it was set by an earlier lesson
    Object.assign(this, { timer: 0, started: this.page.returns, hinted: 0 });
    for (const each of [this.hints, this.conditions, this.result]) each.replaceChildren();
    this.questions.begin(lesson.questions, lesson.checked);
    this.root.classList.toggle("asks-only", !lesson.checked);
    this.showTab(lesson.tab);
    this.hint.hidden = !lesson.hints.length;
    find("[data-action=point]", this.root).hidden = !probeOf(lesson);
    this.page.view.probe ||= probeOf(lesson);
    this.page.view.pass ||= passOf(lesson);
    this.clicks = setTimeout(
      () => (this.next.disabled = !passed().includes(this.lesson?.title)),
      TWO_CLICKS,
    );
    this.next.hidden = this.place === this.lessons.length - 1;
    this.root.classList.remove("passed", "asks");
    const isOnly = this.lessons.length === 1;
    find("[data-action=leave]", this.root).textContent = isOnly
      ? "Leave the lesson"
      : "Leave the course";
    find(".place", this.root).textContent = isOnly
      ? "Lesson"
      : `Lesson ${this.place + 1} of ${this.lessons.length}`;
    find("h2", this.root).textContent = lesson.title;
    this.story.replaceChildren(
      ...lesson.text.map((words) =>
        make("p", { className: FORMULA.test(words) ? "sum" : "" }, words),
      ),
    );
    if (lesson.picture === "log_loss") this.story.firstElementChild.after(logLoss());
    this.listSteps(passed());
  }

  showTab(name) {
    for (const panel of this.page.panels) panel.tabs.open(name);
  }

  listSteps(done) {
    const { lessons, place } = this;
    this.steps.replaceChildren(
      ...lessons.map((each, index) => {
        const isDone = done.includes(each.title);
        const step = make("a", { href: `#lesson=${each.name}` }, each.title);
        if (isDone)
          step.append(
            make("span", { className: "tick", role: "img", "aria-label": "passed" }, " ✓"),
          );
        if (index === place) step.setAttribute("aria-current", "step");
        return make("li", {}, step);
      }),
    );
  }

  showHint() {
    this.hints.append(make("li", {}, this.lesson.hints[this.hinted++]));
    this.hint.hidden = this.hinted === this.lesson.hints.length;
  }

  follow() {
    const { header } = this.page.panels[0];
    // Nothing before the lesson counts: no earlier training, and no weights without its changes.
    this.started ||= header.epoch === 0 && header.edits.length === this.page.expected;
    if (this.started) this.request();
  }

  // Request a check, and not more of them than can be read.
  request() {
    if (!this.lesson || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      if (this.lesson) this.page.line.send("check", { network: 0, lesson: this.lesson.name });
    }, CHECK);
  }

  take({ type, lesson, conditions, passed: reached }) {
    if (type !== "check" || !this.started || lesson !== this.lesson?.name) return;
    if (this.root.classList.contains("passed")) return; // the values with which it was passed stay
    conditions.forEach((each, index) =>
      this.show(each, this.conditions.children[index] ?? this.add(), reached),
    );
    const { open } = this.questions;
    this.root.classList.toggle("asks", reached && open > 0); // also beside a neuron's panel
    if (reached && !open) this.pass();
    else if (reached && conditions.length) write(this.result, "Answer the question, too.");
    else write(this.result, this.adviceOn(conditions));
  }

  // Words on the first condition that does not hold, once the network rests after some training.
  adviceOn(conditions) {
    const { epoch, playing } = this.page.panels[0].header ?? {};
    const missing = conditions.find(({ holds }) => !holds);
    const hasTrained = epoch > 0 && !playing;
    if (!missing || !hasTrained) return "";
    const needed = `${missing.words} is needed, and it is ${missing.value}.`;
    return `Not yet. ${missing.otherwise || needed}`;
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

  show({ words, value, holds }, item, reached) {
    const [tick, name, now] = item.children;
    item.classList.toggle("holds", holds);
    write(tick, holds ? "✓" : "○");
    tick.setAttribute("aria-label", holds ? "reached" : "not reached");
    write(name, words);
    write(now, `${reached ? "passed with" : "now"} ${value}`);
  }

  // The number of passed lessons, on the button of the course, or the lesson that was left for something else.
  count() {
    const { length } = this.numbers();
    const left = this.lessons.findIndex((each) => each.name === this.page.left?.view.lesson);
    let words = "Course";
    if (left >= 0) words = `Back to lesson ${left + 1}`;
    else if (length) words = `Course ${length}/${this.lessons.length}`;
    find("#course").textContent = words;
  }

  // The numbers of the lessons that were passed, in an address for a teacher.
  shareProgress() {
    const kind = this.page.catalog.worker ? "an address" : "a command";
    copyAddress(
      this.page,
      `passed=${this.numbers().join(".")}`,
      `Your progress is copied, as ${kind} that shows it to a teacher`,
    );
  }

  numbers() {
    const done = passed();
    return this.lessons.flatMap(({ title }, index) => (done.includes(title) ? [index + 1] : []));
  }

  pass() {
    const { title, success } = this.lesson;
    const done = [...new Set([...passed(), title])];
    remember(KEY, JSON.stringify(done));
    this.listSteps(done);
    this.count();
    this.root.classList.add("passed");
    for (const panel of this.page.panels) panel.write();
    this.questions.reveal();
    this.next.disabled = false;
    let words = `Passed! ${this.questions.score}${success}`;
    if (this.next.hidden) words += ` ${ending(this.lessons, done)}`;
    this.result.replaceChildren(...linked(words, this.page.catalog.worker?.documentation));
    find(".onward", this.root).scrollIntoView({ block: "nearest" }); // on a phone, the network is below
  }
}

// Words with links to pages of the documentation, [words](page.html), where it stands beside this page.
function linked(words, home) {
  return words.split(/(\[[^\]]+\]\([\w/-]+\.html\))/).map((part, place) => {
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
    ? `That was the last lesson. Still open: ${open.join(", ")}.`
    : "That was the last lesson: you have passed the whole course.";
}

// The words for a teacher who opens the address of a learner's progress.
export function progressWords(numbers, lessons) {
  const places = placesOf(numbers);
  if (!places)
    return "This link names no lesson: numbers belong after #passed=, as in #passed=1.2.";
  const given = places.filter((each) => lessons[each - 1]);
  const list = given.length ? `: ${given.join(", ")}` : "";
  const unknown = unknownWords(places, lessons, " T");
  return `This learner has passed ${given.length} of ${lessons.length} lessons${list}.${unknown}`;
}

// The numbers after #passed=, none of them if nothing follows; null if words do.
function placesOf(text) {
  const [numbers] = text.match(/^\d*([.,] ?\d+)*/);
  const isWord = /^[\p{L}\d]/u.test(text);
  if (!numbers && isWord) return null;
  return (numbers.match(/\d+/g) ?? []).map(Number);
}

// The words for numbers that no lesson of this course has, after the first letters of a sentence.
function unknownWords(places, lessons, start) {
  const unknown = places.filter((each) => !lessons[each - 1]);
  return unknown.length ? `${start}his course has no lesson ${unknown.join(", ")}.` : "";
}

// A row for each line with the progress of a learner, whose name comes before it, and a message for each other line.
function classTable(text, lessons, course) {
  const rows = [];
  const faults = [];
  text.split("\n").forEach((line, place) => {
    if (!line.trim()) return;
    const [before, after] = line.split("#passed=");
    const name = before.replace(/(barenet play .*|\S*[/\d"]\S*)$/, "").replace(/[\s:,;]+$/, "");
    const where = `Line ${place + 1}${name && ` (${name})`}`;
    if (after === undefined) return faults.push(`${where}: no #passed=… found.`);
    const from = courseOf(before);
    if (from !== null && from !== fileOf(course))
      return faults.push(
        `${where}: this is progress in ${from}, and the table is for ${fileOf(course)}.`,
      );
    const done = placesOf(after);
    if (!done) return faults.push(`${where}: no number follows #passed=.`);
    const unknown = unknownWords(done, lessons, `${where}: t`);
    if (unknown) faults.push(unknown);
    rows.push([
      name || `Learner ${rows.length + 1}`,
      ...lessons.map((_, index) => (done.includes(index + 1) ? "✓" : "")),
    ]);
  });
  return [
    table(["Learner", ...lessons.map((_, index) => String(index + 1))], rows),
    ...faults.map((words) => make("p", { className: "hint" }, words)),
  ];
}

// The lessons of an address or a command with progress; null if there is only the progress.
function courseOf(text) {
  if (!/https?:|barenet play/.test(text)) return null;
  const command = text.match(/barenet play (.*)/);
  if (command) return fileOf(command[1]);
  const query = new URLSearchParams(text.split("?").pop());
  return fileOf(query.get("lessons") ?? "");
}

// The name of a file without its folder, and without the quotes of a shell or of a word processor.
const fileOf = (path) =>
  path
    .replace(/\\?["'“”„‘’]/g, "")
    .trim()
    .split(/[/\\]/)
    .pop() || "the playground's own lessons";

const probeOf = ({ address }) => new URLSearchParams(address).get("probe") ?? "";

const passOf = ({ address }) => new URLSearchParams(address).get("pass") ?? "";

const passed = () => JSON.parse(recall(KEY) ?? "[]");
