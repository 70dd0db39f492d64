// Requests to the server for the content of a view, one at a time, whenever it may have changed.

const PATIENCE = 5000; // milliseconds, until an answer counts as lost

export class Query {
  // `pause`: milliseconds from an answer to the next request, while a network learns.
  constructor(page, type, panel, pause = 0) {
    Object.assign(this, { page, type, panel, pause, sent: 0, received: 0, state: "", lost: 0 });
  }

  // Send a request with its fields, unless its answer is known or under way; return whether it was sent.
  send(fields = {}) {
    const { line, panels, version } = this.page;
    if (line.ready === false) return false; // Python is loading, and the request would be lost
    const state = JSON.stringify([fields, version, panels.map(stateOf)]);
    const now = performance.now();
    const isEarly =
      now - this.received < this.pause && panels.some(({ header }) => header?.playing);
    const isLost = this.lost !== line.lost; // with the connection
    const isUnderWay = this.sent && now - this.sent < PATIENCE && !isLost;
    const isKnown = state === this.state && !(this.sent && isLost);
    if (isUnderWay || isKnown || isEarly) return false;
    Object.assign(this, { state, sent: now, lost: line.lost });
    line.send(this.type, { network: this.panel.place, ...fields });
    return true;
  }

  answered() {
    Object.assign(this, { sent: 0, received: performance.now() });
  }

  // Send the next request in any case.
  forget() {
    this.state = "";
  }
}

// All that can change a network while it has its architecture.
const stateOf = ({ header }) =>
  header && [header.epoch, header.batch, header.edits, header.last, header.version];
