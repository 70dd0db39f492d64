"""The fuzzer is a program of its own: its files find each other, and the tests find them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
