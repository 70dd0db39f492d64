"""The parts of a program that lowering puts together: instructions, records and memory."""

from barenet.engines.compiled._groups import Group, Instruction
from barenet.engines.compiled._workspace import Matrix, Record, Workspace, address
from barenet.engines.kernels._kernel import Kernel
from barenet.engines.kernels._records import LAYER
from barenet.engines.simd._views import KernelSpec


class ProgramBuilder:
    """Writes records and instructions for batches of up to `capacity` rows."""

    def __init__(self, workspace: Workspace, capacity: int, needs_gradient: bool) -> None:
        self.workspace, self.capacity = workspace, capacity
        self.needs_gradient = needs_gradient
        #: Columns of the present layer's output.
        self.width = 0
        #: dL/d(output) of the present layer, if it is needed.
        self.d: Matrix | None = None
        self.forward, self.backward = [Group([])], [Group([])]

    def matrix(self) -> Matrix:
        """Allocate a row of the current width for each row of a batch."""
        return self.workspace.matrix(self.capacity, self.width)

    def derivatives(self) -> Matrix | None:
        """Allocate dL/d(output), which predictions do not need."""
        return self.matrix() if self.needs_gradient else None

    def layer(self, **fields: float | Matrix | None) -> Record:
        """Write a record for kernels on rows of the current width."""
        width, stride = self.width, self.workspace.stride(self.width)
        given = {"n_in": width, "n_out": width, "stride": stride, **fields}
        return self.workspace.record(LAYER, **given)

    def work(self, record: Record, *kernels: Kernel, variant: str = "") -> list[Instruction]:
        """Instructions for kernels that read a record."""
        spec = KernelSpec(self.workspace.spec.dtype, self.workspace.spec.count, variant)
        return [(kernel.address(spec), address(record)) for kernel in kernels]

    def serial(self, kernel: Kernel, record: Record | None = None) -> Group:
        """Group that runs on one thread for all rows."""
        return Group(self.work(self.layer() if record is None else record, kernel), 1, 1, 1)

    def add(
        self, record: Record, forward: Kernel, back: Kernel | None = None, variant: str = ""
    ) -> None:
        """Append a kernel to the forward pass, and prepend one to the backward pass."""
        self.forward[-1].instructions.extend(self.work(record, forward, variant=variant))
        if back is not None and record["d"]:
            self.backward[0].instructions[:0] = self.work(record, back, variant=variant)
