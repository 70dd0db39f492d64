"""The parts of a program that lowering puts together: instructions, records and memory."""

from typing import NamedTuple

from barenet.engines.compiled._workspace import Matrix, Record, Workspace
from barenet.engines.kernels._kernel import Kernel
from barenet.engines.kernels._records import LAYER, address
from barenet.engines.simd._views import KernelSpec

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


class ProgramBuilder:
    """Writes records and instructions for batches of up to `capacity` rows."""

    def __init__(self, workspace: Workspace, capacity: int, needs_gradient: bool) -> None:
        self.workspace = workspace
        self.capacity = capacity
        self.needs_gradient = needs_gradient
        #: Number of columns of the output of the last layer, which is the input of the next one.
        self.width = 0
        #: The place of dL/d(output) of the last layer, if it is needed: the next layer writes it
        #: there, as dL/d(input).
        self.d: Matrix | None = None
        self.forward = [Group([])]
        self.backward = [Group([])]

    def matrix(self, width: int) -> Matrix:
        """Allocate a row of this width for each row of a batch."""
        return self.workspace.matrix(self.capacity, width)

    def derivatives(self, width: int) -> Matrix | None:
        """Allocate dL/d(output) of a layer of this width, which predictions do not need."""
        return self.matrix(width) if self.needs_gradient else None

    def layer(self, width: int, **fields: float | Matrix | None) -> Record:
        """Write a record for kernels on rows of this width."""
        stride = self.workspace.stride(width)
        defaults = {"n_in": width, "n_out": width, "stride": stride}
        return self.workspace.record(LAYER, **{**defaults, **fields})

    def work(self, record: Record, *kernels: Kernel, variant: str = "") -> list[Instruction]:
        """Make the instructions for kernels that read a record."""
        spec = KernelSpec(self.workspace.spec.dtype, self.workspace.spec.count, variant)
        return [(kernel.address(spec), address(record)) for kernel in kernels]

    def serial(self, kernel: Kernel, record: Record | None = None) -> Group:
        """Group that runs on one thread for all rows."""
        if record is None:
            record = self.layer(self.width)
        return Group(self.work(record, kernel), units=1, block=1, grain=1)

    def add(
        self, record: Record, forward: Kernel, back: Kernel | None = None, variant: str = ""
    ) -> None:
        """Append a kernel to the forward pass, and prepend one to the backward pass."""
        last = self.forward[-1]
        last.instructions.extend(self.work(record, forward, variant=variant))
        if back is not None and record["d"]:
            first = self.backward[0]
            first.instructions[:0] = self.work(record, back, variant=variant)

    def add_forward(self, group: Group) -> None:
        """Append a group to the forward pass, whose units are not the rows of the batch.

        `add` extends the last group, so an empty one follows, for the rows of the next layers.
        """
        self.forward.append(group)
        self.forward.append(Group([]))

    def add_backward(self, group: Group) -> None:
        """Prepend a group to the backward pass, whose units are not the rows of the batch.

        `add` extends the first group, so an empty one precedes, for the rows of the next layers.
        """
        self.backward.insert(0, group)
        self.backward.insert(0, Group([]))
