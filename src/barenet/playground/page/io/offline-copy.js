// The copy of the page that a service worker keeps, for a visit without internet.

import { isCatalogueKept } from "../language-choice.js";

// Have the page kept by the service worker of a script, and return whether all of it is there: its
// files, and the texts of its language.
export async function keepPage(script) {
  const { serviceWorker } = navigator; // only https and this machine have it
  const registration = await serviceWorker?.register(script).catch(() => null);
  if (!registration) return false;
  const { active } = await serviceWorker.ready; // once it has loaded the files; never, if that fails
  return (await hasFiles(active)) && (await isCatalogueKept());
}

// A service worker of an older page does not answer.
function hasFiles(worker) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    worker.postMessage(null, [port2]);
  });
}
