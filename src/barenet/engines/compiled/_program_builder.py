"""The parts of a program that lowering puts together: instructions, records and memory."""

from barenet.engines.compiled._groups import Group, Instruction
from barenet.engines.compiled._workspace import Matrix, Record, Workspace, address
from barenet.engines.kernels._kernel import Kernel
from barenet.engines.kernels._records import LAYER
from barenet.engines.simd._views import KernelSpec


class ProgramBuilder:
    """Writes records and instructions for batches of up to `capacity` rows."""

    def __init__(self, workspace: Workspace, capacity: int, needs_gradient: bool) -> None:
        self.workspace = workspace
        self.capacity = capacity
        self.needs_gradient = needs_gradient
        #: Number of columns of the current layer's output.
        self.width = 0
        #: dL/d(output) of the current layer, if it is needed.
        self.d: Matrix | None = None
        self.forward = [Group([])]
        self.backward = [Group([])]

    def matrix(self) -> Matrix:
        """Allocate a row of the current width for each row of a batch."""
        return self.workspace.matrix(self.capacity, self.width)

    def derivatives(self) -> Matrix | None:
        """Allocate dL/d(output), which predictions do not need."""
        if self.needs_gradient:
            return self.matrix()
        return None

    def layer(self, **fields: float | Matrix | None) -> Record:
        """Write a record for kernels on rows of the current width."""
        stride = self.workspace.stride(self.width)
        defaults = {"n_in": self.width, "n_out": self.width, "stride": stride}
        return self.workspace.record(LAYER, **{**defaults, **fields})

    def work(self, record: Record, *kernels: Kernel, variant: str = "") -> list[Instruction]:
        """Make the instructions for kernels that read a record."""
        spec = KernelSpec(self.workspace.spec.dtype, self.workspace.spec.count, variant)
        return [(kernel.address(spec), address(record)) for kernel in kernels]

    def serial(self, kernel: Kernel, record: Record | None = None) -> Group:
        """Group that runs on one thread for all rows."""
        if record is None:
            record = self.layer()
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
