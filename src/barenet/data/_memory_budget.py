"""The memory budget of a file, by its size and the machine's memory.

Every reader first compares its peak memory, by the sizes that the file declares, with the budget.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

from barenet.errors import ArgumentError

#: The environment variable that replaces the budget, such as 8GB.
VARIABLE = "BARENET_MEMORY"

#: Bytes of memory that every file may take, however small it is: a sorted Parquet file of 60 kB
#: may well have two million rows. On a small machine it is less, `FREE_FRACTION` of the memory.
FREE_BYTES = 2**30

#: Fraction of the machine's memory that every file may take.
FREE_FRACTION = 0.25

#: Bytes of memory beyond these for each byte of the file.
PER_BYTE = 1000

#: Fraction of the machine's memory that one file may take; the rest is for the training.
MAX_FRACTION = 0.5

#: Bytes of memory of a machine whose memory is unknown.
_UNKNOWN_MEMORY = 8 * 10**9

#: Where Linux limits the memory of a container.
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory_limit(file_size: int) -> int:
    """Bytes that a file may take: BARENET_MEMORY, else half of the memory, or less if small."""
    if text := os.environ.get(VARIABLE, "").strip():
        return _parse_size(text)
    memory = machine_memory()
    free = min(FREE_BYTES, int(FREE_FRACTION * memory))
    return min(int(MAX_FRACTION * memory), free + PER_BYTE * file_size)


def machine_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or less where a limit is set."""
    limits = []
    with suppress(AttributeError, OSError, ValueError):  # AttributeError: Windows
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for name in _CGROUPS:
        with suppress(OSError, ValueError):  # no such file, or "max"
            limits.append(int(Path(name).read_text("ascii")))
    with suppress(ImportError):  # Windows
        import resource

        limits.append(resource.getrlimit(resource.RLIMIT_AS)[0])
    return min((limit for limit in limits if limit > 0), default=_UNKNOWN_MEMORY)


def format_size(size: int) -> str:
    """Format a number of bytes with a unit.

    >>> format_size(28_000), format_size(12_300_000_000), format_size(17)
    ('28 kB', '12.3 GB', '17 bytes')
    """
    if size >= 10**15:
        return "more than 1,000 TB"
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{size} bytes"


def _parse_size(text: str) -> int:
    """Parse a size such as 8GB, 500 MB or a number of bytes."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", text.lower())
    if found is None:
        raise ArgumentError.of(VARIABLE, text, "a size such as 8GB or 500MB")
    number, unit, binary = found.groups()
    return int(float(number) * (1024 if binary else 1000) ** " kmgt".index(unit or " "))
