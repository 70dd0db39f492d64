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

oninstall = (event) => event.waitUntil(keep());
onactivate = (event) => event.waitUntil(forget());
onfetch = (event) => event.request.method === "GET" && event.respondWith(answer(event.request));
