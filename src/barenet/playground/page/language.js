// Sentences in the language of the page. The English ones in the code are the keys of a catalogue for
// each other language; what that does not have stays English.

const RIGHT_TO_LEFT = /[\u0590-\u08ff]/;
const PLACEHOLDER = /\{(\d+)\}/g;

let words = {};

// Take the translations of another language, by their English sentences.
export function adopt(translations) {
  words = translations;
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
  if (typeof sentence === "string") return words[sentence] || sentence;
  if (!Array.isArray(sentence)) return sentence;
  const [key, ...values] = sentence;
  const texts = values.map((value) => (Array.isArray(value) ? said(value) : value));
  return filled(words[key] || key, texts);
}

const filled = (text, values) => text.replace(PLACEHOLDER, (_, place) => isolated(values[place]));

// A name that is written from right to left changes the order of no other words.
const isolated = (value) => (RIGHT_TO_LEFT.test(value) ? `\u2068${value}\u2069` : String(value));

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
