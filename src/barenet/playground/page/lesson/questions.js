// The questions of a lesson: a guess before the network learns, or something to be worked out.

import { decimalOf, markDecimal } from "../decimals.js";
import { button, find, make, write } from "../dom.js";
import { said, t } from "../language.js";

export class Questions {
  // `answered()`: an answer was given.
  constructor(root, answered) {
    Object.assign(this, { root, answered, entries: [] });
  }

  // `isGuess`: whether the network shows what is right; else each answer is judged at once.
  begin(steps, isGuess) {
    this.isGuess = isGuess;
    this.isRevealed = false;
    this.entries = [];
    steps.forEach(({ questions }, step) => {
      for (const question of questions) {
        const entry = this.add(question);
        this.entries.push(Object.assign(entry, { step }));
      }
    });
    this.step = 0;
    this.root.replaceChildren(...this.entries.map(({ field }) => field));
    this.showNext();
  }

  // Show the questions of a step; the last one shows the guesses, too, once they are judged.
  showStep(step, isLast) {
    Object.assign(this, { step, isLast });
    this.showNext();
  }

  // Those that are worked out come one by one, each after a right answer.
  showNext() {
    const here = this.entries.filter(
      ({ step, given }) => step === this.step || (this.isLast && this.isRevealed && given !== null),
    );
    const open = this.isGuess ? -1 : here.findIndex(({ right }) => !right);
    for (const entry of this.entries) {
      const place = here.indexOf(entry);
      const isLater = open >= 0 && place > open;
      entry.field.hidden = place < 0 || isLater;
      if (entry.second) entry.second.field.hidden = entry.field.hidden;
    }
    return here[open]?.field;
  }

  // The steps that have a question without an answer, or with a wrong one that was no guess.
  openSteps() {
    const open = this.entries.filter(
      ({ given, right }) => given === null || (!right && !this.isGuess),
    );
    return open.map(({ step }) => step);
  }

  // The guesses in short.
  get score() {
    const guesses = this.entries.filter(({ given }) => given !== null);
    const all = guesses.length;
    const right = guesses.filter((each) => each.right).length;
    if (!this.isGuess || !all) return "";
    if (all > 1) return `${t`${right} of ${all} guesses were right.`} `;
    return `${right ? t`Your guess was right.` : t`Your guess was not right.`} `;
  }

  add(question) {
    const verdict = make("p", { className: "verdict", role: "status" });
    const entry = { question, verdict, given: null, right: false, isGuess: this.isGuess };
    const fields = question.answers.length
      ? question.answers.map((words, index) => this.choice(entry, words, index + 1))
      : [this.number(entry)];
    entry.field = make(
      "fieldset",
      { className: "question" },
      make("legend", {}, said(question.text)),
      ...fields,
      verdict,
    );
    return entry;
  }

  choice(entry, words, place) {
    const input = make("input", { type: "radio", name: entry.question.text });
    const label = make("label", { className: "check" }, input, make("span", {}, said(words)));
    input.addEventListener("change", () => {
      label.after(entry.verdict);
      this.take(entry, place);
    });
    return label;
  }

  number(entry) {
    const input = make("input", {
      type: "text",
      inputMode: "text", // the keyboard for decimals has no minus on some phones
      "aria-label": said(entry.question.text),
    });
    const check = () => {
      if (input.value.trim() === "") return;
      const typed = decimalOf(input.value);
      markDecimal(input, Number.isNaN(typed));
      if (Number.isNaN(typed)) write(entry.verdict, t`Not a number: type one such as 2.5.`);
      else this.take(entry, typed);
    };
    input.addEventListener("change", check);
    return make("div", { className: "number" }, input, button(t`Check`, check));
  }

  take(entry, given) {
    const { right, within } = entry.question;
    Object.assign(entry, { given, right: Math.abs(given - right) <= within });
    if (entry.isGuess) write(entry.verdict, t`Now find out.`);
    else this.judge(entry);
    if (entry.isSecond) return;
    this.answered();
    const next = this.showNext();
    if (entry.right && next) find("input", next).focus();
  }

  judge({ question, verdict, given, right, isGuess }) {
    verdict.classList.toggle("right", right);
    const reply = replyTo(question, given);
    let words = `${t`Not quite.`} ${reply || said(question.otherwise) || t`Try again.`}`;
    if (right) words = `${t`Right.`} ${said(question.why)}`;
    else if (isGuess) words = [t`Not quite.`, reply, said(question.why)].filter(Boolean).join(" ");
    write(verdict, words);
  }

  // The network has shown it: after a wrong guess, there may be another question.
  reveal() {
    if (!this.isGuess) return;
    this.isRevealed = true;
    for (const entry of this.entries.filter(({ given }) => given !== null)) {
      this.judge(entry);
      const [second] = entry.question.again;
      if (!entry.right && second) this.askAgain(entry, second);
    }
    this.showNext();
  }

  // A second question, judged at once; the lesson does not wait for it.
  askAgain(first, question) {
    const entry = this.add(question);
    Object.assign(entry, { isGuess: false, isSecond: true });
    entry.field.classList.add("again");
    first.field.after(entry.field);
    first.second = entry;
  }
}

// The reply to a wrong answer, if it has one of its own.
function replyTo({ replies, within }, given) {
  const reply = replies.find(({ to }) => Math.abs(given - to) <= within);
  return reply ? said(reply.text) : "";
}
