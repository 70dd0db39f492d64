/* The playground within these pages, where they stand beside it, as `make site` puts them. */

const HOME = new URL(
  "play/",
  new URL(document.documentElement.dataset.content_root ?? "./", location.href),
);
const [WIDTH, HEIGHT] = [1280, 800]; // at which the whole page is seen
const PHONE = 720;
const COMMAND = /^barenet play(?: "(#[^"]*)")?$/;

function frameOf(address, title) {
  const frame = document.createElement("iframe");
  const box = Object.assign(document.createElement("div"), { className: "live-playground" });
  Object.assign(frame, { src: new URL(address, HOME).href, title, allow: "clipboard-write" });
  box.append(frame);
  new ResizeObserver(
    ([
      {
        contentRect: { width },
      },
    ]) => {
      const scale = innerWidth < PHONE ? 1 : Math.min(width / WIDTH, 1);
      frame.style = `width: ${width / scale}px; height: ${HEIGHT}px; scale: ${scale}`;
      box.style.height = `${HEIGHT * scale}px`;
    },
  ).observe(box);
  return box;
}

// A picture of the page becomes the page when it is scrolled to; Python is loaded when it is touched.
function revive(picture) {
  new IntersectionObserver(([{ isIntersecting }], observer) => {
    if (!isIntersecting) return;
    observer.disconnect();
    picture.replaceWith(frameOf("?embedded", picture.alt));
  }).observe(picture);
}

// A command that opens the page has a button that does so in its place, or in that of the picture above it.
function offer(block) {
  const commands = block.textContent
    .trim()
    .split("\n")
    .map((line) => line.match(COMMAND));
  if (!commands.every(Boolean)) return;
  const highlight = block.closest("div[class*=highlight-]");
  const picture = highlight.previousElementSibling?.querySelector("img[src*='/lesson-']");
  const buttons = commands.map(([, address = "#data=circles"], index) => {
    const words =
      commands.length > 1 ? `Play the ${["first", "second", "third"][index]} here` : "Play it here";
    const button = Object.assign(document.createElement("button"), {
      className: "sd-btn sd-btn-outline-primary",
      textContent: words,
    });
    button.addEventListener("click", () => {
      (picture ?? bar).replaceWith(frameOf(address, `The playground: ${address}`));
      bar.remove();
    });
    return button;
  });
  const bar = Object.assign(document.createElement("p"), { className: "play-here" });
  bar.append(...buttons);
  picture?.addEventListener("click", () => buttons[0].click());
  highlight[picture ? "before" : "after"](bar);
}

// Without the playground beside these pages, its doors lead to the pages about it.
function leadElsewhere() {
  for (const door of document.querySelectorAll("a[data-otherwise]"))
    door.setAttribute("href", door.dataset.otherwise);
}

addEventListener("DOMContentLoaded", async () => {
  const found = await fetch(new URL("catalog.json", HOME), { method: "HEAD" }).catch(() => ({}));
  if (!found.ok) return leadElsewhere();
  document.querySelectorAll("img[src$='playground.png']").forEach(revive);
  document.querySelectorAll("div[class*=highlight-] pre").forEach(offer);
});
