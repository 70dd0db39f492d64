"""The playground as a folder of static files, in which Python runs in the browser.

`python -m barenet.playground._site FOLDER` writes it; any web server can host it.
"""

import argparse
import io
import json
import shutil
import zipfile
from pathlib import Path

import barenet
from barenet.insight.explain._html import STYLE
from barenet.playground._catalog import catalog
from barenet.playground._lessons import built_in_course
from barenet.playground._recording import PAGE, bundle

#: CPython in WebAssembly, and the NumPy that is built for it.
RUNTIME = "https://cdn.jsdelivr.net/pyodide/v0.29.3/full/"
NUMPY = "numpy-2.2.5-cp313-cp313-pyodide_2025_0_wasm32.whl"
RUNTIME_FILES = (
    "pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json",
    NUMPY,
)  # fmt: skip


def write_site(folder: Path, runtime: Path | None = None) -> None:
    """Write the files, with a copy of the runtime where its folder is given."""
    shutil.copytree(PAGE, folder, dirs_exist_ok=True)
    (folder / "main.js").write_text(bundle("main.js"), "utf-8")
    (folder / "explain.css").write_text(STYLE, "utf-8")
    (folder / "barenet.zip").write_bytes(_library())
    source = RUNTIME
    if runtime is not None:
        source = "runtime/"
        (folder / source).mkdir(exist_ok=True)
        for name in RUNTIME_FILES:
            shutil.copyfile(runtime / name, folder / source / name)
    files = {"runtime": source, "numpy": source + NUMPY, "barenet": "barenet.zip"}
    worker = {"script": "worker.js", "files": files}
    content = {**catalog(built_in_course()), "worker": worker}
    (folder / "catalog.json").write_text(json.dumps(content), "utf-8")


def _library() -> bytes:
    """The library as an archive, without the files of the page."""
    root, content = Path(barenet.__file__).parent, io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(root.rglob("*")):
            is_of_page = PAGE in path.parents and path.suffix != ".json"
            is_left_out = is_of_page or "__pycache__" in path.parts
            if path.is_file() and not is_left_out:
                archive.write(path, Path("barenet") / path.relative_to(root))
    return content.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runtime", type=Path, help="folder of Pyodide, to be copied")
    given = parser.parse_args()
    write_site(given.folder, given.runtime)
