/* Pages for teachers: the link of a class, and parts of a page that are printed alone. */

import { qrCode, qrImage } from "./qr-code.js";

const { content_root: root = "./" } = document.documentElement.dataset;
const { lang } = document.documentElement;
const PLAYGROUND = new URL("play/", new URL(root, location.href));
const FRAME_HEIGHT = 800; // pixels

// The address that pupils open: with a lesson, and a file of lessons of the teacher's own.
function classAddress({ lesson, lessons }) {
  const address = new URL(PLAYGROUND);
  const file = lessons.value.trim();
  if (lang !== "en") address.searchParams.set("lang", lang);
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

// A file of the playground; nothing where no playground is beside these pages.
async function read(name) {
  const response = await fetch(new URL(name, PLAYGROUND)).catch(() => null);
  return response?.ok ? response.json() : null;
}

async function startClass(form) {
  const catalog = await read("catalog.json");
  if (!catalog) return;
  const words = (lang !== "en" && (await read(`languages/${lang}.json`))) || {};
  const { lesson } = form.elements;
  catalog.lessons.forEach(({ name, title }, place) =>
    lesson.append(new Option(`${place + 1}. ${words[title] ?? title}`, name)),
  );
  lesson.value = catalog.lessons[0].name;
  const shown = form.querySelector("pre");
  const status = form.querySelector("[role=status]");
  const show = () => {
    const { href } = classAddress(form.elements);
    shown.textContent = href;
    form.querySelector("a").href = href;
    form.querySelector("[data-project]").hidden = !qrCode(href); // of a long address
    status.textContent = "";
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
      status.textContent = copied ? button.dataset.copied : status.dataset.byHand;
    });
  connectCode(form);
  show();
  form.hidden = false;
  document.querySelector(".no-class").hidden = true;
}

// The QR code of the link over the whole screen, for a projector; a click anywhere closes it.
function connectCode(form) {
  const dialog = form.querySelector("dialog");
  form.querySelector("[data-project]").addEventListener("click", () => {
    const { href } = classAddress(form.elements);
    dialog.querySelector("div").innerHTML = qrImage(qrCode(href));
    dialog.querySelector("p").textContent = href;
    dialog.showModal();
  });
  dialog.addEventListener("click", () => dialog.close());
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
document.querySelectorAll("form.class-link").forEach(startClass);
document.querySelectorAll(".print-orders").forEach(offerPrint);
