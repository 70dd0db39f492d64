"""The playground as a folder of static files, in which Python runs in the browser.

`python -m barenet.playground._site FOLDER` writes it; any web server can host it.
"""

import argparse
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import barenet
from barenet.data._datasets import load_dataset
from barenet.data._named import EMBEDDED, PACKED
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
        for name in EMBEDDED:
            archive.writestr(f"barenet/data/{PACKED.name}/{name}.npz", _rows_of(name))
    return content.getvalue()


def _rows_of(name: str) -> bytes:
    """A copy of a data set of scikit-learn, which is missing in a browser."""
    data, content = load_dataset(name), io.BytesIO()
    parts: dict[str, Any] = {
        "X": data.X,
        "y": data.y,
        "classes": np.array(data.classes or (), str),
        "feature_names": np.array(data.feature_names, str),
        "image_shape": np.array(data.image_shape or (), int),
    }
    np.savez_compressed(content, **parts)
    return content.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runtime", type=Path, help="folder of Pyodide, to be copied")
    given = parser.parse_args()
    write_site(given.folder, given.runtime)
