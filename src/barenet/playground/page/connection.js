// The connection to the server, which reconnects automatically.

import { t } from "./language.js";
import { unpack } from "./wire-format.js";

const LONGEST_WAIT = 5000;

export class Connection {
  constructor({ onMessage, onOpen, onLost }) {
    Object.assign(this, { onMessage, onOpen, onLost, wait: 250, lost: 0 });
    this.open();
  }

  open() {
    const address = new URL("socket", location.href);
    address.protocol = "ws:";
    address.hash = "";
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.wait = 250;
      this.onOpen();
    };
    this.socket.onmessage = ({ data }) =>
      this.onMessage(typeof data === "string" ? JSON.parse(data) : unpack(data));
    this.socket.onclose = () => this.comeBack();
  }

  async comeBack() {
    this.lost += 1;
    this.onLost();
    const { status } = await fetch(location.pathname).catch(() => ({}));
    if (status === 403)
      return this.onLost(t`\`barenet play\` was started again: open the address that it printed.`);
    setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
  }

  send(type, fields = {}) {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify({ type, ...fields }));
    }
  }

  // Upload a file; the answer has a message if it cannot be used.
  async upload(path, file) {
    const response = await fetch(path, { method: "POST", body: file });
    const answer = await response.json().catch(() => ({ message: t`The file could not be sent.` }));
    return { ok: response.ok, ...answer };
  }
}
