// The connection to a Web Worker in which Python runs, where there is no server.

import { unpack } from "./wire-format.js";

export class WorkerConnection {
  constructor({ script, files, onMessage, onOpen, onLost }) {
    Object.assign(this, { script, files, onMessage, onOpen, onLost, lost: 0, uploads: 0, requests: new Map() });
    this.open();
  }

  open() {
    this.ready = false;
    this.onLost("Loading Python …");
    this.worker = new Worker(this.script);
    this.worker.onmessage = ({ data }) => this.take(data);
    this.worker.onerror = ({ message }) => this.fail(message);
    this.worker.postMessage({ files: this.files });
  }

  take(data) {
    if (typeof data === "string") this.onMessage(JSON.parse(data));
    else if (data instanceof ArrayBuffer) this.onMessage(unpack(data));
    else if (data.ready) {
      this.ready = true;
      this.onOpen();
    } else if (data.loading) this.onLost(`Loading Python: ${data.loading} …`);
    else if (data.failed) this.fail(data.failed);
    else {
      this.requests.get(data.request)(JSON.parse(data.answer));
      this.requests.delete(data.request);
    }
  }

  // Without its worker the page keeps its settings, with which another one starts.
  fail(message) {
    this.ready = false;
    this.lost += 1;
    this.worker.terminate();
    this.onLost(`Python has stopped: ${message}. Reload the page to start it again.`);
  }

  send(type, fields = {}) {
    if (this.ready) this.worker.postMessage({ text: JSON.stringify({ type, ...fields }) });
  }

  // Hand a file to Python, which never sends it anywhere.
  async upload(path, file) {
    const content = await file.arrayBuffer();
    const request = (this.uploads += 1);
    return new Promise((resolve) => {
      this.requests.set(request, resolve);
      this.worker.postMessage({ request, path, content }, [content]);
    });
  }
}
