// The connection to a Web Worker in which Python runs, where there is no server.

import { button } from "../dom.js";
import { t } from "../language.js";
import { keepPage } from "./offline-copy.js";
import { unpack } from "./wire-format.js";

const FRAME = 33; // milliseconds between two recorded pictures
const FILES = 16; // that are kept for another worker
const LESSONS = "barenet lessons"; // the store of those that were opened by an address
const HEAD = 5; // bytes before a recorded message: its size in four, and whether it is text
// Requests of a visitor while Python is loading are answered afterwards.
const KEPT = new Set(["play", "pause", "step", "batch", "reset", "choose", "restore", "run_to"]);

const megabytes = (bytes) => (bytes / 1e6).toFixed(0);

export class WorkerConnection {
  // `opening`: the recording to play while Python is loading, if there is one; `lessons`: the address of a course.
  // `embedded`: whether Python is loaded when the page is first touched, and not before.
  constructor({ script, start, openings, opening, lessons, offline, embedded, ...acts }) {
    Object.assign(this, {
      script,
      start,
      lessons,
      offline,
      embedded,
      ...acts,
      ready: false,
      lost: 0,
      count: 0,
      requests: new Map(),
      kept: [],
      areLessonsKept: true, // there may be none
      uploads: [],
    });
    this.total = [...Object.values(start.files), start.numpy].reduce(
      (sum, { bytes }) => sum + bytes,
      start.bytes,
    );
    const begin = embedded ? () => this.openWhenTouched() : () => this.open();
    if (Object.hasOwn(openings, opening)) this.replay(openings[opening], begin);
    else begin();
  }

  openWhenTouched() {
    const touched = new AbortController();
    const open = () => {
      touched.abort();
      this.open();
    };
    for (const touch of ["pointerdown", "keydown"])
      addEventListener(touch, open, { signal: touched.signal });
  }

  // Begin with a worker, which opens again what the last one had opened.
  async open() {
    this.ready = false;
    this.stopped = "";
    this.show(t`Loading Python …`, 0);
    this.worker = new Worker(this.script);
    this.worker.onmessage = ({ data }) => this.take(data);
    this.worker.onerror = ({ message }) => this.fail(message);
    if (this.lessons) await this.fetchLessons();
    this.worker.postMessage({ start: this.start, uploads: this.uploads });
  }

  async fetchLessons() {
    const response = await fetch(this.lessons, { cache: "no-cache" }).catch(() => ({})); // they may have been corrected
    const path = `lessons?name=${encodeURIComponent(this.lessons)}`;
    if (response.ok) {
      const content = await response.arrayBuffer();
      this.uploads.push({ path, content });
      this.areLessonsKept = keepLessons(this.lessons, content);
    } else {
      this.areLessonsKept = false;
      const status = response.status ? ` (${response.status})` : "";
      const message = t`${this.lessons} cannot be loaded${status}: check the address. These are the playground's own lessons.`;
      this.onOpened(path, { ok: false, message });
    }
    this.lessons = ""; // they are among the uploads
  }

  show(words, share) {
    this.onLost(words, { share });
  }

  // Recorded messages of a session, as Python would send them; Python is loaded after the first picture.
  async replay(address, begin) {
    const { ok, body } = await fetch(address).catch(() => ({}));
    if (!ok) return begin();
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let isFirst = true;
    for await (const message of parts(body.pipeThrough(new DecompressionStream("gzip")))) {
      if (this.ready) return;
      this.onMessage(message);
      if (message.type !== "frame") continue;
      if (isFirst) begin();
      if (isStill) return;
      isFirst = false;
      await new Promise((resolve) => setTimeout(resolve, FRAME));
    }
  }

  take(data) {
    if (typeof data === "string") this.onMessage(JSON.parse(data));
    else if (data instanceof ArrayBuffer) this.onMessage(unpack(data));
    else if (data.ready) this.begin();
    else if (data.loaded) this.progress(data.loaded, this.total);
    else if (data.opened) this.onOpened(data.path, JSON.parse(data.opened));
    else if (data.failed) this.fail(data.failed);
    else if (data.blocked) this.fail(t`${data.blocked} cannot be loaded`, blockedAdvice());
    else {
      this.requests.get(data.request)(data.answer);
      this.requests.delete(data.request);
    }
  }

  progress(loaded, total) {
    const isLoaded = loaded > 0.98 * total; // which is reported a few times a second
    this.show(
      isLoaded
        ? t`Starting Python …`
        : t`Loading Python: ${megabytes(loaded)} of ${megabytes(total)} MB`,
      loaded / total,
    );
  }

  begin() {
    this.ready = true;
    this.onOpen();
    for (const [type, fields] of this.kept.splice(0)) this.send(type, fields);
    if (this.offline) this.keeping = this.keep(); // after the files are in the browser's cache
  }

  // Keep all that the page needs without internet. A part of another page doesn't open by itself.
  async keep() {
    const isPageKept = await keepPage(this.offline);
    const areLessonsKept = await this.areLessonsKept;
    if (isPageKept && areLessonsKept && !this.embedded) this.onKept();
  }

  // The page keeps its settings and files, with which another worker starts. `advice`: a sentence.
  fail(message, advice = "") {
    this.ready = false;
    this.lost += 1;
    this.worker.terminate();
    this.stopped = [t`Python has stopped: ${message}.`, advice].filter(Boolean).join(" ");
    const again = button(t`Start Python again`, () => this.open(), { className: "button" });
    this.onLost(this.stopped, { order: again });
    for (const answer of this.requests.values()) answer(this.refusal());
    this.requests.clear();
  }

  refusal() {
    return JSON.stringify({ ok: false, message: this.stopped });
  }

  send(type, fields = {}) {
    if (this.ready) this.worker.postMessage({ text: JSON.stringify({ type, ...fields }) });
    else if (KEPT.has(type)) this.kept.push([type, fields]);
  }

  // Hand a file to Python, which sends it nowhere.
  async upload(path, file) {
    const content = await file.arrayBuffer();
    const answer = JSON.parse(await this.request({ path, content }));
    if (answer.ok)
      this.uploads = [
        ...this.uploads.filter((each) => each.path !== path),
        { path, content },
      ].slice(-FILES);
    return answer;
  }

  // The content of a file that Python writes.
  save(path) {
    return this.request({ path });
  }

  request(message) {
    if (this.stopped) return Promise.resolve(this.refusal());
    this.count += 1;
    const request = this.count;
    return new Promise((resolve) => {
      this.requests.set(request, resolve);
      this.worker.postMessage({ request, ...message });
    });
  }
}

// Words for a teacher whose school blocks the address from which Python is loaded.
function blockedAdvice() {
  return t`If a filter blocks this address, as in many schools, allow it, or put the files of Python beside the page: the documentation on the playground describes it.`;
}

// Keep lessons for a visit without a network, and return whether they are there. Only https and this
// machine have such a store.
async function keepLessons(address, content) {
  if (!globalThis.caches) return false;
  try {
    const cache = await caches.open(LESSONS);
    await cache.put(address, new Response(content));
    return true;
  } catch {
    return false;
  }
}

// The messages of a recording as they arrive: each with its size, and whether it is text.
async function* parts(stream) {
  const reader = stream.getReader();
  let bytes = new Uint8Array();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    bytes = new Uint8Array(await new Blob([bytes, value]).arrayBuffer());
    let end = endOfFirst(bytes);
    while (end !== null) {
      const isText = bytes[4] !== 0;
      const content = bytes.slice(HEAD, end).buffer;
      yield isText ? JSON.parse(new TextDecoder().decode(content)) : unpack(content);
      bytes = bytes.slice(end);
      end = endOfFirst(bytes);
    }
  }
}

// The place where the first message ends among the bytes; null if it has not arrived.
function endOfFirst(bytes) {
  if (bytes.length < HEAD) return null;
  const end = HEAD + new DataView(bytes.buffer).getUint32(0, true);
  return end <= bytes.length ? end : null;
}
