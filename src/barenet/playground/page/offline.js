// The service worker: it keeps the files of the page, which then opens without a network.
// `VERSION` and `FILES`, which the site's builder writes above, are another cache after each change.

const PREFIX = "barenet playground ";

async function keep() {
  const cache = await caches.open(PREFIX + VERSION);
  await cache.addAll(
    FILES.map(({ address, integrity }) => new Request(address, { integrity, cache: "no-cache" })),
  ); // none of an older page
}

async function forget() {
  const old = (await caches.keys()).filter(
    (name) => name.startsWith(PREFIX) && name !== PREFIX + VERSION,
  );
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function answer(request) {
  const cache = await caches.open(PREFIX + VERSION);
  const kept = await cache.match(request, { ignoreSearch: true });
  return kept ?? fetch(request).catch((error) => keptLessons(request, error));
}

// Lessons of an address, which the page keeps at each visit, are only used where nothing can be loaded.
async function keptLessons(request, error) {
  const kept = await caches.match(request);
  if (kept) return kept;
  throw error;
}

// Whether all files are there: a browser may erase them to save space.
async function isKept() {
  const cache = await caches.open(PREFIX + VERSION);
  const kept = await cache.keys();
  return kept.length === FILES.length;
}

async function report(port) {
  port.postMessage(await isKept());
}

oninstall = (event) => event.waitUntil(keep());
onactivate = (event) => event.waitUntil(forget());
onmessage = (event) => event.waitUntil(report(event.ports[0])); // of the page, which asks for it
onfetch = (event) => event.request.method === "GET" && event.respondWith(answer(event.request));
