"""The results' files: a page, the figures behind it and its picture, each written whole or not."""

import json
from pathlib import Path
from typing import Any

from barenet.storage._atomic_write import write_atomically
from benchmarks.heat_map import draw
from benchmarks.report import report

__all__ = ["FOLDER", "PAGE", "merged", "write"]

#: The folder of the published results, and the name of their figures.
FOLDER, PAGE = Path(__file__).parent / "results", "latest.json"


def merged(results: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Add the parts of an earlier run in the folder, on the same machine with the same libraries.

    Parameters
    ----------
    results : dict
        The results of a run.
    folder : Path
        Where an earlier run may have left its own.

    Returns
    -------
    dict
        The results with the parts that only the earlier run has.
    """
    earlier = json.loads((folder / PAGE).read_text("utf-8")) if (folder / PAGE).exists() else {}
    same = ("machine", "versions", "settings")
    if any(earlier.get(key) != results[key] for key in same):
        return results
    return {**results, "parts": earlier["parts"] | results["parts"]}


def write(results: dict[str, Any], folder: Path) -> list[Path]:
    """Write `latest.md`, `latest.json` and, where the map was measured, `map.svg`.

    Parameters
    ----------
    results : dict
        The results of a run.
    folder : Path
        Made if it is missing.

    Returns
    -------
    list of Path
        The files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        PAGE: (json.dumps(results, indent=1, ensure_ascii=False) + "\n").encode(),
        "latest.md": report(results).encode(),
    }
    if "map" in results["parts"]:
        files["map.svg"] = draw(results["parts"]["map"]["results"])
    for name, data in files.items():
        write_atomically(folder / name, data)
    return [folder / name for name in files]
