// An invitation to click a neuron, until the first click; the browser remembers it.

const KEY = "barenet: a neuron was opened";

export class Invitation {
  constructor(body) {
    this.body = body;
    body.classList.toggle("inviting", !remembered());
  }

  accept() {
    this.body.classList.remove("inviting");
    try {
      localStorage.setItem(KEY, "yes");
    } catch {
      // A browser that keeps nothing invites again.
    }
  }
}

function remembered() {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}
