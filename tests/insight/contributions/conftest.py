"""The library whose pictures and values contributions are compared with."""

import warnings
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def shap() -> ModuleType:
    """The library; importing it warns of matplotlib's future."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    return shap
