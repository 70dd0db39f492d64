// The connection to the server, which reconnects automatically.

import { t } from "../language.js";
import { unpack } from "./wire-format.js";

const LONGEST_WAIT = 5000;
const PATIENCE = 3; // refusals in a row, while the page itself is served

export class Connection {
  constructor({ onMessage, onOpen, onLost }) {
    Object.assign(this, { onMessage, onOpen, onLost, wait: 250, lost: 0, refused: 0 });
    this.open();
  }

  open() {
    const address = new URL("socket", location.href);
    address.protocol = "ws:";
    address.hash = "";
    this.socket = new WebSocket(address);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      Object.assign(this, { wait: 250, refused: 0 });
      this.onOpen();
    };
    this.socket.onmessage = ({ data }) =>
      this.onMessage(typeof data === "string" ? JSON.parse(data) : unpack(data));
    this.socket.onclose = () => this.comeBack();
  }

  async comeBack() {
    this.lost += 1;
    if (this.refused < PATIENCE) this.onLost();
    const { status } = await fetch(location.pathname).catch(() => ({}));
    if (status === 403)
      return this.onLost(t`\`barenet play\` was started again: open the address that it printed.`);
    this.refused = status === 200 ? this.refused + 1 : 0;
    if (this.refused === PATIENCE) this.onLost(refusal());
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

// The words for a connection that is refused by something between the page and its server.
function refusal() {
  return t`The page is served, but its connection, a WebSocket, is refused. Close other open pages of this playground. If that does not help, a filter, a proxy or an extension blocks it: allow ws://${location.host}, or use the playground on a website, which needs no such connection. This page keeps trying.`;
}
