"""Visit: how long the page without a server takes to show something, and to train.

    python -m benchmarks.visit PYODIDE

PYODIDE is a folder with the runtime. The site is written, served as a delivery network would
(compressed, over a line of 20 Mbit/s, then over a fast one), and opened in Chromium, each time with
a new profile and once more with its cache; the median of the visits counts.
"""

import argparse
import gzip
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from barenet.storage._atomic_write import write_atomically
from benchmarks.machine import machine
from benchmarks.markdown import table
from benchmarks.results import FOLDER
from benchmarks.watched import browser

__all__ = ["main", "report", "visit"]

#: Bytes a second of each line.
LINES = {"20 Mbit/s, first visit": 2.5e6, "fast line, first visit": 1e9}
CHUNK = 16384
SECONDS = 4.0

#: Notes the longest time between two animation frames, and the longest task of the page itself.
FRAMES = """(() => {
  let last = performance.now();
  window.longest = window.task = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) task = Math.max(task, duration);
  }).observe({ type: "longtask", buffered: true });
  const next = (now) => {
    window.longest = Math.max(window.longest, now - last);
    last = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})()"""


class Handler(SimpleHTTPRequestHandler):
    """Serves compressed files at a rate that all requests share."""

    rate, line, free_at = 1e9, threading.Lock(), 0.0

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        content = _compressed(path / "index.html" if path.is_dir() else path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path if path.suffix else "index.html"))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        for start in range(0, len(content), CHUNK):
            with Handler.line:
                Handler.free_at = max(Handler.free_at, time.monotonic()) + CHUNK / Handler.rate
                wait = Handler.free_at - time.monotonic()
            time.sleep(max(wait, 0))
            self.wfile.write(content[start : start + CHUNK])

    def log_message(self, *_: Any) -> None:
        pass


@cache
def _compressed(path: Path) -> bytes:
    return gzip.compress(path.read_bytes())


@contextmanager
def _served(runtime: str) -> Iterator[str]:
    """Write the site, and serve it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "tools.static_site",
            folder,
            "--runtime",
            runtime,
        ]
        subprocess.run(command, check=True)
        handler = partial(Handler, directory=folder)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/"
            server.shutdown()


def visit(tab: Any, address: str) -> dict[str, float]:
    """Open the page, and train as fast as possible.

    Parameters
    ----------
    tab : playwright.sync_api.Page
        An empty page.
    address : str
        That of the site.

    Returns
    -------
    dict of str to float
        Figures by their names.
    """
    tab.add_init_script(FRAMES)
    start = time.monotonic()
    tab.goto(address, wait_until="commit")
    first = _seconds_until(tab, "window.barenet?.frames.drawn > 0", start)
    live = _seconds_until(
        tab, "barenet.line.ready && !barenet.arrival && barenet.panels[0].frame", start
    )
    loading, task = tab.evaluate("[longest, task]")
    tab.select_option("#pace", "0")
    tab.click("#play")
    tab.wait_for_timeout(1000)
    state = "[barenet.panels[0].header.epoch, barenet.frames.drawn, (longest = 0)]"
    before, begun = tab.evaluate(state), time.monotonic()
    tab.wait_for_timeout(1000 * SECONDS)
    gap, after, passed = tab.evaluate("longest"), tab.evaluate(state), time.monotonic() - begun
    return {
        "first picture, s": first,
        "live, s": live,
        "epochs a second": (after[0] - before[0]) / passed,
        "pictures a second": (after[1] - before[1]) / passed,
        "longest task of the page while loading, ms": task,
        "longest gap of frames while loading, ms": loading,
        "… while training, ms": gap,
    }


def _seconds_until(tab: Any, condition: str, start: float) -> float:
    while not tab.evaluate(f"() => Boolean({condition})"):
        time.sleep(0.01)
        assert time.monotonic() < start + 120, condition
    return time.monotonic() - start


def report(visits: dict[str, list[dict[str, float]]], where: dict[str, Any], day: str) -> str:
    """Write the page.

    Parameters
    ----------
    visits : dict of str to list of dict
        The figures of each kind of visit.
    where : dict
        From `machine`.
    day : str
        When.

    Returns
    -------
    str
        Markdown, with a heading of the first level.
    """
    names = [*next(iter(visits.values()))[0]]
    rows = [
        [name, *(f"{statistics.median(e[name] for e in each):.3g}" for each in visits.values())]
        for name in names
    ]
    count = len(next(iter(visits.values())))
    return (
        "# A visit to the playground in the browser\n\n"
        f"Measured on {day}, on {where['processor']}, {where['cores']} cores, {where['system']}, "
        f"in Chromium without a GPU, which shares these cores with the server; medians of {count} "
        "visits.\n\n"
        f"{table(['visit', *visits], rows)}\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runtime", help="folder with the files of Pyodide")
    parser.add_argument("--visits", type=int, default=3)
    parser.add_argument("--out", type=Path, default=FOLDER / "visit.md")
    given = parser.parse_args(arguments)
    visits: dict[str, list[dict[str, float]]] = {}
    with _served(given.runtime) as address, browser() as chromium:
        for _ in range(given.visits):
            for name, Handler.rate in LINES.items():
                context = chromium.new_context(viewport={"width": 1440, "height": 900})
                names = [name] if name != [*LINES][-1] else [name, "second visit"]
                for each in names:
                    tab = context.new_page()
                    visits.setdefault(each, []).append(visit(tab, address))
                    tab.close()
                context.close()
    write_atomically(given.out, report(visits, machine(), date.today().isoformat()).encode())
    print(given.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
