// The body of the Web Worker: it loads Python with NumPy and barenet, and passes messages on.

const SCRIPTS = ["pyodide.js", "pyodide.asm.js"];
const PROGRESS = 100; // milliseconds

const network = self.fetch;
let page = null;
let begun = null;
let loaded = 0; // bytes
let reported = 0;

async function count(body) {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    loaded += value.length;
    if (performance.now() - reported < PROGRESS) continue;
    reported = performance.now();
    postMessage({ loaded });
  }
}

// With its digest where it comes from another site.
async function load(url, integrity = "") {
  const response = await network(url, { integrity }).catch(() => ({}));
  if (!response.ok) {
    postMessage({ blocked: url });
    await new Promise(() => {}); // until the page ends this worker: Pyodide would wait for ever
  }
  count(response.clone().body);
  return response;
}

async function begin({ address, files, numpy, barenet }) {
  const home = new URL(address, location.href).href;
  const loading = new Map(
    Object.entries(files).map(([name, { integrity }]) => [
      home + name,
      load(home + name, integrity),
    ]),
  );
  const archives = [load(numpy.address, numpy.integrity), load(barenet)];
  const taken = (url) => {
    // once, as a response can be read
    const response = loading.get(url);
    loading.delete(url);
    return response;
  };
  self.fetch = (url, options) => taken(url) ?? network(url, options); // for Pyodide
  for (const name of SCRIPTS) {
    const script = URL.createObjectURL(await (await taken(home + name)).blob());
    importScripts(script);
    URL.revokeObjectURL(script);
  }
  const pyodide = await loadPyodide({ indexURL: home });
  const [wheel, library] = await Promise.all(
    archives.map(async (each) => (await each).arrayBuffer()),
  );
  postMessage({ loaded });
  pyodide.unpackArchive(wheel, "whl");
  pyodide.unpackArchive(library, "zip", { extractDir: "/home/pyodide" });
  const { serve } = pyodide.pyimport("barenet.playground.server._worker");
  page = await serve(
    (message) => postMessage(message),
    (message) => postBytes(message),
  );
}

function postBytes(message, request) {
  const { buffer } = message.toJs();
  postMessage(request ? { request, answer: buffer } : buffer, [buffer]);
}

// `uploads`: the files that were open in an earlier worker, and the lessons of an address.
async function take({ start, uploads, text, request, path, content }) {
  if (start) {
    begun = begin(start);
    await begun;
    for (const each of uploads)
      postMessage({ path: each.path, opened: await page.upload(each.path, each.content) });
    return postMessage({ ready: true });
  }
  await begun;
  if (text) page.put(text);
  else if (content) postMessage({ request, answer: await page.upload(path, content) });
  else postBytes(page.save(path), request);
}

onmessage = ({ data }) => {
  take(data).catch((error) =>
    postMessage({ failed: String(error.message).trim().split("\n").pop() }),
  );
};
