// The language of the page: its choice, its catalogue, and the texts of the page in it. The script of
// the page has this module first, and waits for the catalogue.

import { adopt } from "./language.js";
import { recall, remember } from "./io/memory.js";

// In each language, its name.
export const LANGUAGES = { en: "English", es: "Español", de: "Deutsch", zh: "中文" };

const KEY = "barenet: language";
const STORE = "barenet languages"; // in the browser's cache, for a visit without a network
const TAGS = { zh: "zh-Hans" }; // of the document, where it is not the name of the language
const ATTRIBUTES = ["title", "aria-label", "placeholder", "label"];
const UNTRANSLATED = "[translate=no], code, pre, script, style, svg";
const WORD = /\p{L}{2}/u;
const PLACEHOLDER = /\{(\d+)\}/;

let words = {};

// The language of the address, else that which was chosen, else the first of the browser's.
function chosen() {
  const asked = [new URLSearchParams(location.search).get("lang"), recall(KEY)];
  const ofBrowser = navigator.languages.map((tag) => tag.split("-")[0].toLowerCase());
  return [...asked, ...ofBrowser].find((name) => Object.hasOwn(LANGUAGES, name)) ?? "en";
}

// An address may have the language behind its #, where the settings are: it moves before it.
function moveLanguage() {
  const settings = new URLSearchParams(location.hash.slice(1));
  const language = settings.get("lang");
  if (language === null) return;
  settings.delete("lang");
  const query = new URLSearchParams(location.search);
  query.set("lang", language);
  const hash = settings.toString().replaceAll("%7E", "~");
  history.replaceState(null, "", `${location.pathname}?${query}#${hash}`);
}

// The catalogue of a language, which is kept for a visit without a network.
async function load(address) {
  const response = await fetch(address).catch(() => null);
  const store = await globalThis.caches?.open(STORE).catch(() => null);
  if (response?.ok) {
    const isKept = response.headers.get("Cache-Control") !== "no-store"; // as a server on this machine
    if (isKept) await store?.put(address, response.clone()).catch(() => {});
    return response.json();
  }
  const kept = await store?.match(address);
  return kept ? kept.json() : {};
}

// Whether the catalogue is there for a visit without a network; English needs none.
export async function isCatalogueKept() {
  if (language === "en") return true;
  const store = await globalThis.caches?.open(STORE).catch(() => null);
  const kept = await store?.match(addressOf(language));
  return Boolean(kept);
}

// Translate the texts of an element, also inside of templates.
function translate(element) {
  if (element.matches?.(UNTRANSLATED)) return;
  for (const name of ATTRIBUTES) {
    const text = element.getAttribute?.(name);
    if (text && words[text]) element.setAttribute(name, words[text]);
  }
  for (const child of element.children) translate(child);
  if (element instanceof HTMLTemplateElement) translate(element.content);
  const texts = [...element.childNodes].filter(isText);
  if (texts.length === 1) translateText(texts[0]);
  else if (texts.length > 1) translateMixed(element);
}

const isText = ({ nodeType, data }) => nodeType === Node.TEXT_NODE && WORD.test(data);

function translateText(text) {
  const [, before, key, after] = text.data.match(/^(\s*)([^]*?)(\s*)$/);
  const sentence = words[key.replace(/\s+/g, " ")];
  if (sentence) text.data = before + sentence + after;
}

// A sentence around elements has a placeholder for each of them.
function translateMixed(element) {
  const inside = [...element.children];
  let count = 0;
  const parts = [...element.childNodes].map((node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    count += 1;
    return `{${count - 1}}`;
  });
  const sentence = words[parts.join("").trim().replace(/\s+/g, " ")];
  if (!sentence) return;
  const pieces = sentence.split(PLACEHOLDER);
  element.replaceChildren(...pieces.map((text, place) => (place % 2 ? inside[text] : text)));
}

// A list of the languages; one that is chosen is remembered, and the page is opened in it.
export function connectLanguages(select) {
  const options = Object.entries(LANGUAGES).map(([name, title]) => {
    const option = new Option(title, name);
    option.lang = TAGS[name] ?? name;
    return option;
  });
  select.replaceChildren(...options);
  select.value = language;
  select.hidden = !languages;
  select.addEventListener("change", () => {
    remember(KEY, select.value);
    const query = new URLSearchParams(location.search);
    if (query.has("lang")) {
      query.set("lang", select.value);
      history.replaceState(null, "", `${location.pathname}?${query}${location.hash}`);
    }
    location.reload();
  });
}

const root = document.documentElement;
const { languages } = root.dataset; // the folder of the catalogues; a recording has none
if (languages) moveLanguage();
const language = languages ? chosen() : "en";
const addressOf = (name) => `${languages}/${name}.json`;
if (language !== "en") {
  words = await load(addressOf(language));
  root.lang = TAGS[language] ?? language;
  adopt(words, root.lang);
  translate(root);
}
