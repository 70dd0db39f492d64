"""scikit-learn's base classes, with the types that scikit-learn doesn't declare.

A type checker accepts any argument of a class that has a base without types.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    Method = TypeVar("Method", bound=Callable[..., Any])

    class BaseEstimator:
        @classmethod
        def _get_param_names(cls) -> list[str]: ...
        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def set_params(self, **params: Any) -> Self: ...
        def __sklearn_tags__(self) -> Any: ...

    class ClassifierMixin:
        def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float: ...

    class RegressorMixin:
        def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float: ...

    class MultiOutputMixin: ...

    class TransformerMixin:
        def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any: ...
        def set_output(self, *, transform: str | None = None) -> Self: ...

    class CallbackSupportMixin:
        def _init_callback_context(self, *, max_subtasks: int | None = None) -> Any: ...
        def set_callbacks(self, *callbacks: Any) -> Self: ...

    def with_callbacks(method: Method) -> Method: ...

else:
    from sklearn.base import (
        BaseEstimator,
        ClassifierMixin,
        MultiOutputMixin,
        RegressorMixin,
        TransformerMixin,
    )

    try:
        from sklearn.callback import CallbackSupportMixin, with_callbacks
    except ImportError:  # before scikit-learn 1.9

        class CallbackSupportMixin: ...

        def with_callbacks(method):
            return method


__all__ = [
    "BaseEstimator", "CallbackSupportMixin", "ClassifierMixin", "MultiOutputMixin",
    "RegressorMixin", "TransformerMixin", "with_callbacks",
]  # fmt: skip
