"""Tables in Markdown, and the format of times and ratios in them."""

from collections.abc import Iterable, Sequence

__all__ = ["significant", "table", "time", "times"]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table; columns of numbers are aligned to the right."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    left = [_is_text([line[column] for line in lines[1:]]) for column in range(len(header))]
    rule = ["-" * (w - 1) + ("-" if text else ":") for w, text in zip(widths, left, strict=True)]

    def written(line: Sequence[str]) -> str:
        columns = zip(line, widths, left, strict=True)
        cells = [cell.ljust(w) if text else cell.rjust(w) for cell, w, text in columns]
        return f"| {' | '.join(cells)} |"

    return "\n".join(written(line) for line in (lines[0], rule, *lines[1:]))


def _is_text(cells: list[str]) -> bool:
    """Whether a column is words: its first cell that is not empty begins with no digit."""
    first = next((cell.strip("*+−") for cell in cells if cell not in ("", "–")), "a")
    return not first[:1].isdigit()


def time(seconds: float | None, digits: int = 3) -> str:
    """The seconds in the unit that makes them short; a dash for None."""
    if seconds is None:
        return "–"
    for limit, factor, unit in ((0.999e-3, 1e6, "µs"), (0.999, 1e3, "ms")):
        if seconds < limit:
            return f"{significant(seconds * factor, digits)} {unit}"
    return f"{significant(seconds, digits)} s"


def times(ratio: float | None) -> str:
    """A ratio; a dash for None."""
    return "–" if ratio is None else f"{significant(ratio)} ×"


def significant(number: float, digits: int = 3) -> str:
    """So many digits, and all of those before the point."""
    whole = 1 if number < 9.995 else 2 if number < 99.95 else 3
    return f"{number:,.{max(0, digits - whole)}f}"
