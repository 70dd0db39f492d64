"""The recipe for a table that nobody has trained on yet: what holds on most real tables.

Three sentences, so that they can be remembered and argued with. They were chosen on 29 real tables
of 20 to 6,000 rows, five splits each; `settings.toml` says what they came to for a run.
"""

from __future__ import annotations

from barenet.data.recipe import Recipe

__all__ = ["HIDDEN_SIZES", "recipe_for_table"]

#: The hidden layers where nobody says any.
HIDDEN_SIZES = (64, 32)

#: Training rows from which on a tenth of them is enough to judge by when to stop.
ENOUGH_TO_VALIDATE = 1_000
#: Training rows from which on steps of more rows are as good, and faster.
MANY = 10_000


def recipe_for_table(n_training: int) -> Recipe:
    """Choose the settings for rows of numbers, by how many there are to learn from.

    - The hidden layers are tanh. It is bounded, so a row far from all others cannot throw the
      network out, which rectifiers are prone to on tables.
    - The L2 penalty is 3 / rows: the fewer rows there are, the less they are trusted.
    - With 1,000 rows or more, a tenth of them decides when to stop (patience 30, at most 300
      epochs, and the best weights are kept); fewer cannot spare a tenth, and are learned for 100
      epochs. From 10,000 rows on, a step takes 128 of them instead of 32.

    Examples
    --------
    >>> recipe_for_table(120).said()
    {'hidden': ('tanh',), 'l2': 0.025, 'epochs': 100, 'batch_size': 32}
    >>> recipe_for_table(40_000).patience
    30
    """
    known = Recipe(hidden=("tanh",), l2=float(f"{3 / max(n_training, 1):.2g}"))
    if n_training < ENOUGH_TO_VALIDATE:
        return Recipe(epochs=100, batch_size=min(32, max(n_training, 1))).over(known)
    batch_size = 128 if n_training >= MANY else 32
    return Recipe(epochs=300, patience=30, batch_size=batch_size).over(known)
