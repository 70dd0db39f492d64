"""What all tests share: one thread a worker, no windows, and the same examples on every run."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# pytest-xdist already fills the cores. NumPy reads these when it is first imported, which is after
# this file, here and in every process that a test starts.
for variable in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{variable}_NUM_THREADS"] = "1"
os.environ["VECLIB_MAXIMUM_THREADS"] = "1"

# Output must not depend on the terminal that the tests are started from.
os.environ["MPLBACKEND"] = "Agg"
for variable in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "LINES"):
    os.environ.pop(variable, None)

# A busy machine is not a failure, and a failure must come back when the test is run again.
settings.register_profile(
    "repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
# pytest --hypothesis-profile=thorough looks for new failures, as long as one cares to wait.
settings.register_profile(
    "thorough", settings.get_profile("repeatable"), derandomize=False, max_examples=10_000
)
settings.load_profile("repeatable")
