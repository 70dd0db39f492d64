/* Recordings in the page are as light or dark as the page. */
const match = (frame) => {
  const player = frame.contentWindow?.barenet;
  if (player?.theme) player.theme.turn(document.documentElement.dataset.theme);
};

const matchAll = () => document.querySelectorAll(".recording iframe").forEach(match);

document.addEventListener(
  "load",
  ({ target }) => target.matches?.(".recording iframe") && match(target),
  true,
);
new MutationObserver(matchAll).observe(document.documentElement, {
  attributeFilter: ["data-theme"],
});
matchAll();
