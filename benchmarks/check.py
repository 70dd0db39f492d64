"""Check: compare the latest results with the goals, and list what falls short.

    python -m benchmarks.check [FOLDER]

The exit status is 1 if a goal is missed.
"""

import json
import sys
from pathlib import Path

from benchmarks.goals import AT_LEAST, AT_MOST, shortfalls
from benchmarks.parts import PARTS
from benchmarks.results import FOLDER, PAGE
from benchmarks.speed_map import ratios

__all__ = ["main"]


def main(folder: Path = FOLDER) -> int:
    """Print the shortfalls, and every cell of the map below 1.1."""
    parts = json.loads((folder / PAGE).read_text("utf-8"))["parts"]
    figures: dict[str, float] = {}
    for name, part in parts.items():
        figures |= PARTS[name].figures(part["results"])
    lines = shortfalls(figures)
    for name, peer, value in ratios(parts["map"]["results"]) if "map" in parts else []:
        if value < 1.1:
            lines.append(f"map, {name}: {value:.2f} × {peer}")
    print(*lines, sep="\n", end="\n" if lines else "")
    n_goals = len(AT_LEAST) + len(AT_MOST)
    print(f"{n_goals - len(shortfalls(figures))} of {n_goals} goals are reached.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
