"""Explainer: a model and its background rows, prepared to explain rows as they come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from barenet.engines._threads import numpy_on_one_thread
from barenet.files._predictor import Predictor
from barenet.insight.contributions._column_groups import group_columns
from barenet.insight.contributions._contributions import (
    Contributions,
    ExplainedPrediction,
    Scale,
)
from barenet.insight.contributions._explained_model import ExplainedModel
from barenet.insight.contributions._hybrid_rows import HybridRows
from barenet.insight.contributions._shapley_values import (
    FIRST_ROUND,
    Game,
    OwnContributions,
    Sampler,
    Values,
    background_contributions,
    exact_values,
    in_threads,
    of_both_probabilities,
)
from barenet.insight.contributions._written_numbers import shown_column
from barenet.model._arrays import FloatArray
from barenet.model._randomness import drawn_rows
from barenet.tables.frames._frame import Frame

#: Maximum number of hybrids of a row for which all coalitions are computed by default.
EXACT_HYBRIDS = 2**12
#: Maximum number of groups of columns of which all coalitions can be computed.
MAX_EXACT_GROUPS = 16

#: Maximum number of background rows, by default.
N_BACKGROUND = 1_000

#: Number of rows that are explained at a time.
ROWS = 128
#: Number of rows that are encoded at a time.
ENCODED_ROWS = 2**10


class Block(NamedTuple):
    """Some of the rows to explain."""

    rows: slice
    encoded: Any


class Explainer:
    """Explains the predictions of a model, compared with its background rows.

    Parameters
    ----------
    model : ExplainedModel
        The model.
    background : array or Frame
        The background rows, as `ExplainedModel.rows` returns them.
    group_names : sequence of str
        Names of the groups of columns; most have one column.
    groups : sequence of sequence of int
        The columns of each group.
    seed : int
        Determines the random numbers.
    n_background : int
        Maximum number of background rows; of more, a random sample is used.
    n_threads : int, default=1
        Maximum number of threads.
    """

    def __init__(
        self,
        model: ExplainedModel,
        background: Any,
        group_names: Sequence[str],
        groups: Sequence[Sequence[int]],
        seed: int = 0,
        n_background: int = N_BACKGROUND,
        n_threads: int = 1,
    ) -> None:
        self.model = model
        self.group_names = tuple(group_names)
        self.seed = seed
        #: Number of background rows before the sample was drawn.
        self.n_given = len(background)
        self.rows = _sample(background, n_background, seed)
        self.outputs = model.outputs(self.rows)
        with numpy_on_one_thread():
            self.background = model.prepare_background(self.rows, groups)
        self.n_threads = 1
        if self.background.is_threadable:
            self.n_threads = n_threads

    @classmethod
    def of(
        cls,
        predictor: Predictor,
        background: Any,
        scale: Scale = "probability",
        n_background: int = N_BACKGROUND,
        groups: Mapping[str, Sequence[str]] | None = None,
        n_threads: int = 1,
    ) -> Self:
        """Prepare a predictor and raw background rows, to explain each column or group of some."""
        model = ExplainedModel.of(predictor, background, scale)
        group_names, columns = group_columns(predictor.feature_names, groups)
        rows = model.rows(background, "background")
        return cls(
            model, rows, group_names, columns, n_background=n_background, n_threads=n_threads
        )

    @property
    def is_exact(self) -> bool:
        """Whether there are so few hybrids of a row that all coalitions are computed by default."""
        n_groups = len(self.group_names)
        if n_groups > MAX_EXACT_GROUPS:
            return False
        return 2**n_groups * len(self.outputs) <= EXACT_HYBRIDS

    @cached_property
    def adjustments(self) -> OwnContributions | None:
        """How much each background row's columns contribute to its own output.

        None for so few background rows that each row is compared with all of them anyway. If these
        are a sample, the adjustments show what it changes, unless it has a single row.
        """
        n_drawn = len(self.outputs)
        is_sample = n_drawn < self.n_given
        if n_drawn == 1 or (n_drawn <= FIRST_ROUND and not is_sample):
            return None
        game = self._game(self.background.mix_background(), self.outputs)
        return background_contributions(game, self.seed, self.n_threads)

    @cached_property
    def sampling_variances(self) -> FloatArray | None:
        """Variances of contributions due to the sample of background rows; None without one.

        A sample of a single row has no variance to estimate them from: None, too.

        Of N given rows, n are drawn. The mean of their own contributions, which would be 0 for all
        N, has the variance of these contributions divided by n, times 1 − n / N.
        """
        n_drawn = len(self.outputs)
        if n_drawn == self.n_given or self.adjustments is None:
            return None
        variances: FloatArray = self.adjustments.values.var(axis=0, ddof=1) / n_drawn
        return variances * (1 - n_drawn / self.n_given)

    def explain(
        self,
        rows: Any,
        *,
        tolerance: float = 0.02,
        exact: bool | None = None,
    ) -> Contributions:
        """Compute the contributions to the predictions of rows.

        Those of a row don't depend on the other rows, but for rounding.

        Parameters
        ----------
        rows : array or Frame
            The rows, as `ExplainedModel.rows` returns them.
        tolerance : float, default=0.02
            The standard error at which a row ends, as for `contributions`.
        exact : bool, optional
            Whether to compute all coalitions of columns; by default, `is_exact`.

        Returns
        -------
        Contributions
            The contributions.
        """
        outputs = self.model.outputs(rows)
        if exact is None:
            exact = self.is_exact
        with numpy_on_one_thread():
            sampler = None
            if not exact:
                sampler = Sampler(self.seed, tolerance, self.adjustments, self.sampling_variances)
            values = self._values(rows, outputs, sampler)
        expected = self.outputs.mean(axis=0)
        errors = values.errors
        values_of_outputs = values.values
        if values_of_outputs.shape[2] < len(expected):  # that of the second probability alone
            totals = outputs - expected
            values_of_outputs = of_both_probabilities(values_of_outputs, totals)
            errors = np.repeat(errors, 2, axis=2)
        output_names = self.model.output_names(len(expected))
        return Contributions(
            values=values_of_outputs,
            standard_errors=errors,
            expected=expected,
            predictions=outputs,
            names=self.group_names,
            output_names=output_names,
            target_name=self.model.target_name,
            scale=self.model.scale,
            rows=columns_of(rows, self.model.column_names),
            n_orders=values.n_orders,
        )

    def reasons(self, rows: Any, count: int) -> list[ExplainedPrediction]:
        """List the largest contributions to each prediction: to a number, or to a class.

        Of two classes, the second one is explained in each row, whichever is predicted, so that a
        sign has the same meaning in all rows; of several, the predicted one. Contributions have
        four significant digits, as more would be below the standard error.

        Parameters
        ----------
        rows : array-like, Frame or DataFrame
            The rows, as the model takes them.
        count : int
            Number of contributions; all of them if there are fewer columns.

        Returns
        -------
        list of ExplainedPrediction
            The reasons of each row.
        """
        result = self.explain(self.model.rows(rows, "X"))
        n_outputs = len(result.output_names)
        explained = np.full(len(result), n_outputs - 1, np.intp)
        if result.scale is not None and n_outputs > 2:
            explained = result.predictions.argmax(axis=1)
        predictions = []
        for row, output in enumerate(explained.tolist()):
            reasons = []
            for reason in result.reasons(row, count, output):
                contribution = float(f"{reason.contribution:.4g}")
                error = float(f"{reason.standard_error:.2g}")
                reasons.append(reason._replace(contribution=contribution, standard_error=error))
            explained_class = result.output_names[output] if result.scale is not None else None
            expected = float(f"{result.expected[output]:.6g}")
            predictions.append(ExplainedPrediction(explained_class, expected, reasons))
        return predictions

    def _values(
        self,
        rows: Any,
        outputs: FloatArray,
        sampler: Sampler | None,
    ) -> Values:
        """Compute the values of rows, some rows at a time; without a sampler, exactly."""

        def values_of_block(block: Block) -> Values:
            game = self._game(self.background.mix(block.encoded), outputs[block.rows])
            return exact_values(game) if sampler is None else sampler.values(game)

        parts: list[Values] = []
        for blocks in self._encoded_blocks(rows):
            parts.extend(in_threads(values_of_block, blocks, self.n_threads))
        return Values(
            np.concatenate([part.values for part in parts]),
            np.concatenate([part.errors for part in parts]),
            np.concatenate([part.n_orders for part in parts]),
        )

    def _encoded_blocks(self, rows: Any) -> Iterator[list[Block]]:
        """Encode a number of rows at a time, and divide them into blocks."""
        for start in range(0, len(rows), ENCODED_ROWS):
            encoded = self.background.encode(rows[start : start + ENCODED_ROWS])
            blocks = []
            for first in range(0, len(encoded), ROWS):
                block = encoded[first : first + ROWS]
                first_row = start + first
                blocks.append(Block(slice(first_row, first_row + len(block)), block))
            yield blocks

    def _game(self, hybrids: HybridRows, outputs: FloatArray) -> Game:
        """Return the predictions of hybrids, and the outputs of the rows."""
        computed = self.background.hybrid_outputs
        return Game(
            hybrids=hybrids,
            outputs=outputs[:, computed],
            background_outputs=self.outputs[:, computed],
            n_groups=len(self.group_names),
            n_given=self.n_given,
            n_networks=self.background.n_networks,
        )


def _sample(rows: Any, n_rows: int, seed: int) -> Any:
    """Draw a number of rows at random if there are more, in their order."""
    if len(rows) <= n_rows:
        return rows
    drawn = drawn_rows(seed, len(rows), n_rows)
    return rows[drawn]


def columns_of(rows: Any, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return the columns of rows by their names."""
    if isinstance(rows, Frame):
        return {name: shown_column(rows, name) for name in rows.columns}
    return dict(zip(names, rows.T, strict=True))
