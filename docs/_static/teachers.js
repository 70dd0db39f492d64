/* Pages for teachers: the link of a class, and parts of a page that are printed alone. */

const PLAYGROUND = new URL(
  "play/",
  new URL(document.documentElement.dataset.content_root ?? "./", location.href),
);
const FRAME_HEIGHT = 800; // pixels

// The address that pupils open: with a lesson, and a file of lessons of the teacher's own.
function classAddress({ lesson, lessons }) {
  const address = new URL(PLAYGROUND);
  const file = lessons.value.trim();
  if (file) address.searchParams.set("lessons", file);
  else if (lesson.value) address.hash = `lesson=${lesson.value}`;
  return address;
}

// The code that shows the same page within another one, which loads Python when it is touched.
function embedCode(address, title) {
  const embedded = new URL(address);
  embedded.search += embedded.search ? "&embedded" : "?embedded";
  const source = embedded.href.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<iframe src="${source}" title="${title}" width="100%" height="${FRAME_HEIGHT}" allow="clipboard-write" style="border: 0"></iframe>`;
}

async function startClass(form) {
  const response = await fetch(new URL("catalog.json", PLAYGROUND)).catch(() => ({}));
  if (!response.ok) return;
  const { lessons } = await response.json();
  const { lesson } = form.elements;
  lessons.forEach(({ name, title }, place) =>
    lesson.append(new Option(`lesson ${place + 1}: ${title}`, name)),
  );
  lesson.value = lessons[0].name;
  const shown = form.querySelector("pre");
  const words = form.querySelector("[role=status]");
  const show = () => {
    const { href } = classAddress(form.elements);
    shown.textContent = href;
    form.querySelector("a").href = href;
    words.textContent = "";
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const button of form.querySelectorAll("[data-copy]"))
    button.addEventListener("click", async () => {
      const address = classAddress(form.elements);
      const isFrame = button.dataset.copy === "frame";
      shown.textContent = isFrame ? embedCode(address, "barenet playground") : address.href;
      const copied = await navigator.clipboard?.writeText(shown.textContent).then(
        () => true,
        () => false,
      );
      const what = isFrame ? "The embed code" : "The link";
      words.textContent = copied ? `${what} is copied.` : "Copy the text above by hand.";
    });
  show();
  form.hidden = false;
  document.querySelector(".no-class").hidden = true;
}

// Print one part of a plan; the style of print hides the others.
function offerPrint(bar) {
  bar.hidden = false;
  bar.addEventListener("click", ({ target }) => {
    const { print: part } = target.dataset;
    if (!part) return;
    document.documentElement.dataset.print = part;
    print();
  });
}

addEventListener("afterprint", () => delete document.documentElement.dataset.print);
addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("form.class-link").forEach(startClass);
  document.querySelectorAll(".print-orders").forEach(offerPrint);
});
