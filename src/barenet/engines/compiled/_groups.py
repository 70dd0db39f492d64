"""Groups: instructions that run for the same units. The regions of a step consist of groups."""

from typing import NamedTuple

NEVER = 2**63 - 1

#: Number of rows that are evaluated or predicted at a time.
EVALUATION_BATCH = 512

#: The addresses of a kernel and of the record that it reads.
Instruction = tuple[int, int]


class Group(NamedTuple):
    """Instructions for units, which threads divide in whole grains and process in blocks.

    The units are rows of parameters, or units that a layer defines; 0 are the rows of the batch.
    """

    instructions: list[Instruction]
    units: int = 0
    block: int = 128
    grain: int = 8


#: The work between two points where threads synchronize.
Region = list[Group]
