// A link to the network of the page: the command that trains it again.

import { replaceHash, toHash } from "./address.js";
import { copy } from "./export-panel.js";
import { languageQuery, t } from "../language.js";

const OWN_FILE = /^(table|model):/;

// A file's name, as a shell takes it.
const quoted = (name) =>
  /^[\w.][\w.-]*$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;

export async function share(page) {
  const epoch = page.panels[0]?.header?.epoch ?? 0;
  const hash = toHash(page.address, { ...page.view, epoch, lesson: "", step: "" }, page.edits());
  replaceHash(hash, page.catalog);
  const own = page.state.data.source.match(OWN_FILE)?.[1];
  if (own === "model")
    return page.notice(
      t`This network comes from your own file. Share the files of Export instead: the model, or the code.`,
      8000,
    );
  if (page.catalog.worker && !own)
    return copyAddress(
      page,
      hash,
      t`The address of this page is copied. It trains this network again, up to this epoch, in any browser.`,
    );
  const table = own ? `${quoted(page.data.name)} ` : "";
  const command = `barenet play ${table}"#${hash}"`; // without the address, which holds a secret and leads to this machine alone
  const isCopied = await copy(command);
  const milliseconds = isCopied ? 8000 : 30000;
  page.notice(
    isCopied ? copiedWords(own, page.data) : commandWords(own, page.data, command),
    milliseconds,
  );
}

// `own`: the kind of an own file, which the command needs.
function copiedWords(own, { name }) {
  if (own)
    return t`A command is copied. It trains this network again, up to this epoch, on any machine with barenet[play] and ${name}.`;
  return t`A command is copied. It trains this network again, up to this epoch, on any machine with barenet[play].`;
}

function commandWords(own, { name }, command) {
  if (own)
    return t`This command trains the network again, on any machine with barenet[play] and ${name}: ${command}`;
  return t`This command trains the network again, on any machine with barenet[play]: ${command}`;
}

// The address of this page; with progress, it names the file of the lessons, also one that was chosen.
function addressOf(hash, course) {
  if (course === null || course.startsWith("data:"))
    return location.href.replace(/#.*|$/, `#${hash}`);
  const lessons = course && `?lessons=${encodeURIComponent(course)}`;
  const query = lessons + languageQuery().replace("?", lessons ? "&" : "?");
  return location.href.replace(/[?#].*|$/, `${query}#${hash}`);
}

// Copy an address of the page, or the command that opens it where a server has one of its own.
export async function copyAddress(page, hash, words) {
  const course = hash.startsWith("passed=") ? page.catalog.course : null;
  const file = course ? `${quoted(course)} ` : "";
  const command = `barenet play ${file}"#${hash}"`;
  const address = page.catalog.worker ? addressOf(hash, course) : command;
  const copied = await copy(address);
  page.notice(copied ? words : t`Copy this: ${address}`, copied ? 8000 : 30000);
}
