"""Processes: what those below this one have used of the machine, told apart by what they do.

Linux is asked, which keeps these figures of every process.
"""

import contextlib
import os
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["ROLES", "descendants", "memory", "processes", "used", "waiting"]

#: Who there is; "painting" is Chromium's that puts the parts of a page together on the screen.
ROLES = ("trainer", "server", "page", "painting", "browser")
TICKS = os.sysconf("SC_CLK_TCK")


def descendants() -> list[int]:
    """List the ids of the processes below this one; none where there is no /proc."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (folder / "stat").read_text().rpartition(")")[2]
            parents[int(folder.name)] = int(status.split()[1])
    found = []
    for number in parents:
        above = number
        while (above := parents.get(above, 0)) not in (0, os.getpid()):
            pass
        if above:
            found.append(number)
    return found


def processes() -> dict[int, str]:
    """Name the roles of the processes below this one, by process id."""
    found: dict[int, str] = {}
    for number in descendants():
        with contextlib.suppress(OSError):
            found[number] = _role(Path(f"/proc/{number}/cmdline").read_text())
    return found


def _role(command: str) -> str:
    kind = re.search(r"--type=([a-z-]+)", command)
    if "barenet" in command and "play" in command:
        return "server"
    if "multiprocessing.spawn" in command:
        return "trainer"
    if kind is not None and kind[1] in ("renderer", "gpu-process"):
        return {"renderer": "page", "gpu-process": "painting"}[kind[1]]
    return "browser" if "chrom" in command else "rest"


def used() -> Counter[str]:
    """Sum the seconds of processor time that each has used."""
    sums: Counter[str] = Counter()
    for number, role in processes().items():
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
            sums[role] += (int(fields[11]) + int(fields[12])) / TICKS
    return sums


def memory() -> Counter[str]:
    """Sum the MiB that each has in memory."""
    sums: Counter[str] = Counter()
    for number, role in processes().items():
        with contextlib.suppress(OSError):
            pages = int(Path(f"/proc/{number}/statm").read_text().split()[1])
            sums[role] += pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return sums


def waiting(address: str) -> int:
    """Sum the bytes that Linux holds for either end of the lines to a server."""
    port = f":{urlsplit(address).port:04X}"
    total = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        ends, queues = line.split()[1:3], line.split()[4]
        if any(end.endswith(port) for end in ends):
            total += sum(int(queue, 16) for queue in queues.split(":"))
    return total
