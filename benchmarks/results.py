"""The results' files: a page, the figures behind it and its picture, each written whole or not."""

import json
from pathlib import Path
from typing import Any

from barenet.files._atomic import write_atomically
from benchmarks.picture import draw
from benchmarks.report import report

__all__ = ["FOLDER", "write"]

#: Where a full run leaves its results, and the documentation finds them.
FOLDER = Path(__file__).parent / "results"


def write(results: dict[str, Any], folder: Path) -> list[Path]:
    """Write `latest.md`, `latest.json` and, where scaling was measured, `scaling.svg`.

    Parameters
    ----------
    results : dict
        What `measure` returned.
    folder : Path
        Made if it is missing.

    Returns
    -------
    list of Path
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "latest.json": (json.dumps(results, indent=2, ensure_ascii=False) + "\n").encode(),
        "latest.md": report(results).encode(),
    }
    if results["scaling"]:
        files["scaling.svg"] = draw(results["scaling"])
    for name, data in files.items():
        write_atomically(folder / name, data)
    return [folder / name for name in files]
