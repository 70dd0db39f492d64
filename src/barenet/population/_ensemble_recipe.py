"""The hyperparameters of an ensemble for a table, all in one place."""

from dataclasses import dataclass, replace

#: Minimum number of rows for larger batches.
LARGER_BATCHES = 2_000
#: Minimum number of rows for narrower bins.
NARROWER_BINS = 6_000
#: Minimum number of rows for fewer networks.
FEWER_NETWORKS = 12_000
#: Minimum number of rows for ending sooner after the best epoch: with many rows, an epoch takes
#: long, and the loss of left-out rows hardly varies by chance.
LESS_PATIENCE = 50_000

#: Epochs after which the left-out rows are predicted, at increasing intervals.
CHECKED_EPOCHS = (
    1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 24, 28, 34, 40, 48, 57, 68, 80, 96, 115, 137, 163, 194,
)  # fmt: skip

#: Temperatures to compare: a probability p becomes p ** (1 / temperature), divided by the sum.
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

    hidden_layer_sizes: tuple[int, ...] = (64, 64)
    activation: str = "relu"
    optimizer: str = "adamw:learning_rate=0.002,weight_decay=0.02,beta2=0.95"
    batch_size: int = 32
    #: Bins of a column of numbers.
    bins: int = 24
    #: Factor that the outputs of the bins are multiplied by; a smaller one gives smoother
    #: functions, for few rows.
    bin_factor: float = 0.3
    #: Numbers of folds and repeats: in each repeat, one network leaves out each row.
    folds: int = 4
    repeats: int = 4
    epochs: int = 96
    #: Fraction of the old average of a network's parameters that is kept after each epoch.
    decay: float = 0.8
    #: Training ends at `patience` times the best epoch, or `least_patience` epochs after it,
    #: whichever is later. A loss counts as lower only if it decreases by the fraction `tolerance`.
    patience: float = 1.5
    least_patience: int = 8
    tolerance: float = 1e-4

    @classmethod
    def for_rows(cls, n_rows: int) -> "EnsembleRecipe":
        """Choose the recipe for a number of rows."""
        if n_rows < LARGER_BATCHES:
            return cls()
        if n_rows < NARROWER_BINS:
            return cls(batch_size=64, bin_factor=1.0)
        recipe = cls(batch_size=128, bin_factor=1.0, bins=48)
        if n_rows >= FEWER_NETWORKS:
            recipe = replace(recipe, repeats=2)
        if n_rows >= LESS_PATIENCE:
            recipe = replace(recipe, patience=1.3, least_patience=4)
        return recipe

    def has_ended(self, epoch: int, best: int) -> bool:
        """Return whether training ends after an epoch, given the best one."""
        return epoch >= max(self.patience * best, best + self.least_patience)
