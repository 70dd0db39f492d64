"""The playground as a folder of static files, with Python running in the browser.

`python -m tools.static_site FOLDER` writes the files, for any web server.
"""

import argparse
import base64
import hashlib
import io
import json
import shutil
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import barenet
from barenet.datasets._images import IMAGES
from barenet.errors import ArgumentError
from barenet.playground._page_files import LANGUAGES, PAGE, bundle
from barenet.playground.lessons._lessons import Course, built_in_course
from barenet.playground.server._catalog import catalog
from barenet.playground.state._page_state import DRAWN
from tools.opening import EPOCHS, record_opening

#: The page may only run its own scripts, but may fetch lessons from other sites.
HEAD = """<meta http-equiv="Content-Security-Policy" content="default-src 'self'; \
connect-src 'self' https: data:; base-uri 'none'; form-action 'none'; object-src 'none'">
<link rel="preload" href="catalog.json" as="fetch" crossorigin>"""
#: CPython in WebAssembly and its build of NumPy: their addresses, sizes and digests.
RUNTIME = json.loads(Path(__file__).with_name("runtime.json").read_text("utf-8"))


def write_site(folder: Path, runtime: Path | None = None, documentation: str = "") -> None:
    """Write the files, with a copy of the runtime and links to the documentation, if given."""
    shutil.copytree(PAGE / "vendor", folder / "vendor", dirs_exist_ok=True)
    for path in (*PAGE.glob("*.css"), PAGE / "icon.svg", PAGE / "worker.js"):
        if path.name != "recording.css":
            shutil.copyfile(path, folder / path.name)
    page = (PAGE / "index.html").read_text("utf-8")
    page = page.replace("<title ", f"{HEAD}\n<title ")
    (folder / "index.html").write_text(page, "utf-8")
    (folder / "main.js").write_text(bundle("main.js"), "utf-8")
    shutil.copytree(LANGUAGES, folder / "languages", dirs_exist_ok=True)
    zipped = library()
    course = built_in_course()
    (folder / "barenet.zip").write_bytes(zipped)
    openings = dict(_openings(course))
    (folder / "openings").mkdir(exist_ok=True)
    for name, opening in openings.items():
        (folder / f"openings/{name}.bin").write_bytes(opening)
    start = {**RUNTIME, "barenet": "barenet.zip", "bytes": len(zipped)}
    if runtime is not None:
        start |= _copy_runtime(runtime, folder / "runtime")
    addresses = {name: f"openings/{name}.bin" for name in openings}
    worker = {
        "script": "worker.js",
        "start": start,
        "openings": addresses,
        "offline": "offline.js",
        "documentation": documentation,
    }
    content = json.dumps(catalog_of_worker(course, worker))
    (folder / "catalog.json").write_text(content, "utf-8")
    (folder / "offline.js").write_text(_service_worker(folder, start), "utf-8")


def catalog_of_worker(course: Course, worker: dict[str, Any]) -> dict[str, Any]:
    """Collect the choices for a page whose worker runs Python, with the settings of the worker."""
    content = {**catalog(course), "worker": worker}
    content["data"] = [entry for entry in content["data"] if entry["name"] not in IMAGES]
    return content


def _copy_runtime(source: Path, folder: Path) -> dict[str, Any]:
    """Copy the files of the runtime, which a browser need not verify on its own site."""
    _download_runtime(source)
    folder.mkdir(exist_ok=True)
    files = {}
    for name, entry in RUNTIME["files"].items():
        content = (source / name).read_bytes()
        digest_bytes = hashlib.sha384(content).digest()
        digest = base64.b64encode(digest_bytes).decode()
        if entry["integrity"] != f"sha384-{digest}":
            raise ArgumentError(f"{source / name}: is not the file of {RUNTIME['address']}")
        (folder / name).write_bytes(content)
        files[name] = {"bytes": entry["bytes"]}
    _, _, wheel = RUNTIME["numpy"]["address"].rpartition("/")  # it may have been repackaged
    shutil.copyfile(source / wheel, folder / wheel)
    return {
        "address": "runtime/",
        "files": files,
        "numpy": {"address": f"runtime/{wheel}", "bytes": (source / wheel).stat().st_size},
    }


def _download_runtime(folder: Path) -> None:
    """Download the files of the runtime that a folder doesn't have."""
    folder.mkdir(parents=True, exist_ok=True)
    addresses = [RUNTIME["address"] + name for name in RUNTIME["files"]]
    addresses.append(RUNTIME["numpy"]["address"])
    for address in addresses:
        _, _, name = address.rpartition("/")
        if not (folder / name).exists():
            with urllib.request.urlopen(address) as response:
                (folder / name).write_bytes(response.read())


def _openings(course: Course) -> Iterator[tuple[str, bytes]]:
    """Record what pages show first: training with default settings, and other pages' starts."""
    yield "start", record_opening("", EPOCHS)
    for name in DRAWN:
        yield f"data={name}", record_opening(f"data={name}")
    for lesson in course.values():
        address = lesson.describe()["address"]
        yield f"lesson={lesson.name}", record_opening(address)


def _service_worker(folder: Path, start: dict[str, Any]) -> str:
    """Write the script that caches all files, under a version that is their digest."""
    files: list[dict[str, Any]] = [{"address": "./"}]
    contents = []
    for path in sorted(folder.rglob("*")):
        is_cached = path.name != "offline.js" and path.parent.name != "languages"
        if path.is_file() and is_cached:  # the page itself keeps the catalogue of its language
            files.append({"address": path.relative_to(folder).as_posix()})
            contents.append(path.read_bytes())
    digest = hashlib.sha256(b"".join(contents)).hexdigest()
    if start["address"] == RUNTIME["address"]:  # the runtime comes from another site
        for name, entry in start["files"].items():
            files.append({**entry, "address": start["address"] + name})
        files.append(start["numpy"])
    constants = f'const VERSION = "{digest[:16]}";\nconst FILES = {json.dumps(files)};\n'
    return constants + (PAGE / "offline.js").read_text("utf-8")


def library() -> bytes:
    """Write the library as an archive, without the files of the page."""
    root = Path(barenet.__file__).parent
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(root.rglob("*")):
            is_of_page = PAGE in path.parents and path.suffix != ".json"
            is_catalogue = path.parent == LANGUAGES and path.suffix == ".json"
            is_left_out = is_of_page or is_catalogue or "__pycache__" in path.parts
            if path.is_file() and not is_left_out:
                archive.write(path, Path("barenet") / path.relative_to(root))
    return content.getvalue()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--runtime", type=Path, help="folder of Pyodide; its missing files are downloaded"
    )
    parser.add_argument("--documentation", default="", help="its address, seen from the folder")
    arguments = parser.parse_args()
    write_site(arguments.folder, arguments.runtime, arguments.documentation)
