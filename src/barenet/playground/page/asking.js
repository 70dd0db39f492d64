// Asks the server again for what a view shows, whenever that has changed: one question at a time.

const PATIENCE = 15000; // milliseconds, until an answer counts as lost

export class Asking {
  // `pause`: milliseconds from an answer to the next question, while the network learns.
  constructor(send, pause) {
    Object.assign(this, { send, pause, sent: 0, received: 0, state: "" });
  }

  // `state`: all that the answer depends on.
  ask(state, playing) {
    const now = performance.now();
    if ((this.sent && now - this.sent < PATIENCE) || state === this.state || (playing && now - this.received < this.pause)) return;
    Object.assign(this, { state, sent: now });
    this.send();
  }

  answered() {
    Object.assign(this, { sent: 0, received: performance.now() });
  }
}

// All that can change a network while it has its architecture.
export const stateOf = ({ header }) => header && [header.epoch, header.batch, header.edits, header.last, header.version];
