"""The numbers by which an ensemble for a table is trained, all in one place."""

from dataclasses import dataclass

#: Number of rows from which batches are larger.
LARGER_BATCHES = 2_000
#: Number of rows from which bins are narrower.
NARROWER_BINS = 6_000
#: Number of rows from which networks are fewer.
FEWER_NETWORKS = 12_000

#: Epochs after which the rows left out are predicted, ever farther apart.
CHECKED_EPOCHS = (
    1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 24, 28, 34, 40, 48, 57, 68, 80, 96, 115, 137, 163, 194,
)  # fmt: skip

#: Powers of probabilities are compared: p ** (1 / temperature), divided by the sum.
TEMPERATURES = (0.6, 0.75, 0.87, 1.0, 1.15, 1.35, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0)


@dataclass(frozen=True)
class EnsembleRecipe:
    """The settings of an ensemble's training, which were chosen by comparisons on several tables.

    Examples
    --------
    >>> recipes = [EnsembleRecipe.for_rows(count) for count in (500, 9_000, 20_000)]
    >>> [(recipe.batch_size, recipe.folds * recipe.repeats) for recipe in recipes]
    [(32, 16), (128, 16), (128, 8)]
    """

    hidden: tuple[int, ...] = (64, 64)
    activation: str = "relu"
    optimizer: str = "adamw:learning_rate=0.002,weight_decay=0.02,beta2=0.95"
    batch_size: int = 32
    #: Bins of a column of numbers.
    bins: int = 24
    #: Factor on the outputs of the bins: with few rows, a smaller one gives smoother functions.
    bin_factor: float = 0.3
    #: Categories in a smaller fraction of the rows are merged; None if all fractions have the same
    #: effect.
    rare: float | None = None
    #: Each row is left out by one network of each repeat.
    folds: int = 4
    repeats: int = 4
    epochs: int = 96
    #: Weight of the past in the average of a network's parameters over its epochs.
    decay: float = 0.8
    #: Without a lower loss, the training ends at `patience` times the best epoch, or
    #: `least_patience` epochs after it, whichever is later. A loss is lower only if it falls by the
    #: fraction `tolerance`.
    patience: float = 1.5
    least_patience: int = 8
    tolerance: float = 1e-4

    @classmethod
    def for_rows(cls, n_rows: int) -> "EnsembleRecipe":
        """The recipe for a number of rows."""
        if n_rows < LARGER_BATCHES:
            return cls()
        if n_rows < NARROWER_BINS:
            return cls(batch_size=64, bin_factor=1.0)
        repeats = cls.repeats
        if n_rows >= FEWER_NETWORKS:
            repeats = 2
        return cls(batch_size=128, bin_factor=1.0, bins=48, repeats=repeats)

    def has_ended(self, epoch: int, best: int) -> bool:
        """Whether the training ends after an epoch, given the best one."""
        return epoch >= max(self.patience * best, best + self.least_patience)
