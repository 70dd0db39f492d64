// Sanitizes the HTML of `explain`: only known elements and attributes. Its words are English, its
// numbers in the way of the page's language, as those beside them.

import { localNumbers } from "./language.js";

const TAGS = new Set(
  "div p section b span details summary table thead tbody tr th td math mrow mi mn mo mtext mspace msub msup mfrac msqrt mover munder mtable mtr mtd".split(
    " ",
  ),
);
const ATTRIBUTES = new Set(
  "class role aria-level displaystyle form stretchy largeop mathvariant width".split(" "),
);

export function explained(html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const element of body.querySelectorAll("*")) {
    if (!TAGS.has(element.localName)) element.remove();
    for (const { name } of [...element.attributes])
      if (!ATTRIBUTES.has(name)) element.removeAttribute(name);
  }
  const texts = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = localNumbers(texts.currentNode.data);
  return document.importNode(body, true).childNodes;
}
