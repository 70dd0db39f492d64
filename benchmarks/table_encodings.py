"""How the columns of a table are encoded for models that cannot take them as they are."""

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

__all__ = ["CATEGORIES", "NUMBERS", "coded", "dense", "imputed", "named_missing", "places"]

NUMBERS, CATEGORIES = (
    make_column_selector(dtype_include="number"),
    make_column_selector(dtype_exclude="number"),
)

#: HistGradientBoosting takes at most 255 categories; of more, the rarest share one.
MOST_CATEGORIES = 254


def dense() -> ColumnTransformer:
    """Scaled numbers, and an output for each category."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="missing"),
        OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=MOST_CATEGORIES,
            sparse_output=False,
        ),
    )
    return ColumnTransformer(
        [("numbers", numbers, NUMBERS), ("categories", categories, CATEGORIES)]
    )


def coded() -> ColumnTransformer:
    """Numbers with their missing values, and codes of the categories; the columns change places."""
    codes = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=MOST_CATEGORIES
    )
    return ColumnTransformer([("numbers", "passthrough", NUMBERS), ("codes", codes, CATEGORIES)])


def places(frame: Any) -> list[int]:
    """The places of the categories after `coded`."""
    return list(range(len(NUMBERS(frame)), frame.shape[1]))


def imputed() -> ColumnTransformer:
    """Medians in place of missing numbers; the frame stays a frame."""
    numbers = SimpleImputer(strategy="median")
    columns = FunctionTransformer(named_missing)
    encoder = ColumnTransformer(
        [("numbers", numbers, NUMBERS), ("categories", columns, CATEGORIES)],
        verbose_feature_names_out=False,
    )
    return encoder.set_output(transform="pandas")


def named_missing(frame: Any) -> Any:
    """Missing categories as a category of their own."""
    names = CATEGORIES(frame)
    return frame.assign(**{name: frame[name].fillna("missing") for name in names})
