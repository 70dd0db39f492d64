// Sentences in the language of the page. The English ones in the code are the keys of a catalogue for
// each other language; what that does not have stays English.

const RIGHT_TO_LEFT = /[\u0590-\u08ff]/;
const PLACEHOLDER = /\{(\d+)\}/g;
const NUMBER = /^[−-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?(e[+−-]?\d+)?( %)?$/; // as Python writes one for the page
const NARROW_SPACE = "\u202f"; // between thousands, where a comma is the mark of decimals

let words = {};
let decimalMark = ".";

// Take the translations of another language, by their English sentences; `tag`: its name.
export function adopt(translations, tag) {
  words = translations;
  const parts = new Intl.NumberFormat(tag).formatToParts(0.5);
  decimalMark = parts.find(({ type }) => type === "decimal").value;
}

// A number as English writes it, in the way of the page's language: 1,234.5 is 1 234,5 in German.
export function localNumber(text) {
  if (decimalMark === ".") return text;
  return text.replaceAll(",", NARROW_SPACE).replace(".", decimalMark);
}

// Numbers in a row: a decimal comma needs another mark between them.
export function numbersInRow(texts) {
  return texts.join(decimalMark === "." ? ", " : "; ");
}

// The sentence of a template in the page's language, with its values: t`Lesson ${1} of ${12}` has
// the key "Lesson {0} of {1}".
export function t(strings, ...values) {
  const key = strings.reduce((text, part, place) => `${text}{${place - 1}}${part}`);
  return filled(words[key] || key, values);
}

// A sentence of Python or of a lesson in the page's language: a text, or a list of a key and its
// values, some of which may be lists, too.
export function said(sentence) {
  if (typeof sentence === "string") return words[sentence] || localValue(sentence);
  if (!Array.isArray(sentence)) return sentence;
  const [key, ...values] = sentence;
  const texts = values.map((value) => (Array.isArray(value) ? said(value) : localValue(value)));
  return filled(words[key] || key, texts);
}

const filled = (text, values) => text.replace(PLACEHOLDER, (_, place) => isolated(values[place]));

// A value of a sentence of Python: a number is written as the page writes it, a name stays.
const localValue = (value) => (NUMBER.test(value) ? localNumber(String(value)) : value);

// A name that is written from right to left changes the order of no other words.
function isolated(value) {
  if (typeof value === "number") return localNumber(String(value));
  return RIGHT_TO_LEFT.test(value) ? `\u2068${value}\u2069` : String(value);
}

// Names in a sentence: "a and b".
export function listed(names) {
  const [first = "", ...others] = names;
  return others.reduce((before, name) => t`${before} and ${name}`, first);
}

// The language in the address, if it is there, as an address of the page that is shared keeps it.
export function languageQuery() {
  const asked = new URLSearchParams(location.search).get("lang");
  return asked === null ? "" : `?${new URLSearchParams({ lang: asked })}`;
}
