// The body of the Web Worker: it loads Python with NumPy and barenet, and passes messages on.

let page = null;

async function begin({ runtime, numpy, barenet }) {
  postMessage({ loading: "the runtime" });
  const archives = [numpy, barenet].map(async (url) => {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url} cannot be loaded`);
    return response.arrayBuffer();
  });
  importScripts(`${runtime}pyodide.js`);
  const pyodide = await loadPyodide({ indexURL: runtime });
  postMessage({ loading: "NumPy and barenet" });
  const [wheel, library] = await Promise.all(archives);
  pyodide.unpackArchive(wheel, "whl");
  pyodide.unpackArchive(library, "zip", { extractDir: "/home/pyodide" });
  const { serve } = pyodide.pyimport("barenet.playground._worker");
  page = await serve((message) => postMessage(message), (message) => {
    const { buffer } = message.toJs();
    postMessage(buffer, [buffer]);
  });
  postMessage({ ready: true });
}

async function take({ files, text, request, path, content }) {
  if (files) await begin(files);
  else if (text) page.put(text);
  else postMessage({ request, answer: await page.upload(path, content) });
}

onmessage = ({ data }) => {
  take(data).catch((error) => postMessage({ failed: String(error.message).trim().split("\n").pop() }));
};
