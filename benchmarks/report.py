"""The report: the results as a page of Markdown, a section for each part."""

from typing import Any

from benchmarks.goals import AT_LEAST
from benchmarks.parts import PARTS
from benchmarks.speed_map import summary

__all__ = ["block", "report"]


def report(results: dict[str, Any]) -> str:
    """Write the page.

    Parameters
    ----------
    results : dict
        The results of a run, or JSON made of them.

    Returns
    -------
    str
        Markdown, with a heading of the first level.
    """
    measured = results["parts"]
    sections = [PARTS[name].report(measured[name]["results"]) for name in PARTS if name in measured]
    top = ["# Results", *_map(measured), _summary(results), "<!-- tables -->"]
    return "\n\n".join([*top, *filter(None, [*sections, _left_out(results)])]) + "\n"


def _map(measured: dict[str, Any]) -> list[str]:
    """The picture of the map and its summary, which the documentation shows first."""
    if "map" not in measured:
        return []
    alternative = "Heat maps: the time of the best peer over that of barenet"
    return [f"![{alternative}](map.svg)", summary(measured["map"]["results"])]


def _summary(results: dict[str, Any]) -> str:
    machine, settings, parts = results["machine"], results["settings"], results["parts"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    cores = f"{machine['cores']} core{'s' if machine['cores'] != 1 else ''}"
    days = " and ".join(sorted({part["date"] for part in parts.values()})) or "no day"
    quick = " This was a quick run: its figures are rough." if settings["quick"] else ""
    engine = "" if settings["engine"] == "auto" else f" barenet's engine: {settings['engine']}."
    return (
        f"Measured on {days}, on {machine['processor']}, {cores}, {machine['memory']:.0f} GiB, "
        f"{machine['system']}, {machine['python']}; {versions}.{engine}{quick}"
    )


def _left_out(results: dict[str, Any]) -> str:
    left_out = [results, *results["parts"].values()]
    unique = dict.fromkeys(line for one in left_out for line in one["left_out"])
    lines = "\n".join(f"- {line}" for line in unique)
    return f"## Left out\n\n{lines}" if lines else ""


def block(results: dict[str, Any]) -> str:
    """Write the ratios of a run, and its machine, as plain text to paste into a report.

    Parameters
    ----------
    results : dict
        The results of a run.

    Returns
    -------
    str
        A block of code in Markdown: the machine, the versions, and the figures that have goals as
        ratios, each on a line.
    """
    figures: dict[str, float] = {}
    for name, part in results["parts"].items():
        figures |= PARTS[name].figures(part["results"])
    heading = "The time of a library over barenet's, or of one worker over that of two:"
    lines = [_summary(results), "", heading]
    width = max(len(name) for name in AT_LEAST)
    lines.extend(f"{name:{width}}  {figures[name]:8.2f}" for name in AT_LEAST if name in figures)
    text = "\n".join(lines)
    return f"```text\n{text}\n```\n"
