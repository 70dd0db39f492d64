"""Confirms the chosen inputs of a table by networks that are trained with and without them.

`choose_inputs` chooses inputs by ridge regressions, in milliseconds. But a regression can't express
what networks learn from the other columns. Categories in few rows may seem to predict what they
only repeat, and a network overfits to them. A pair of columns may seem to predict what a network
learns from the columns by themselves. The networks of a first repeat are therefore trained with and
without such inputs, and the rows that they leave out decide.
"""

from dataclasses import replace

from barenet.inputs._chosen_inputs import ChosenInputs
from barenet.inputs._input_regression import GAIN
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._train_many import ShowLine, live_line
from barenet.population._training_table import TrainingTable

#: Maximum number of rows of a trial. On larger tables, codes and rare categories are not compared:
#: the number of inputs is limited, so each of them has more rows there.
MOST_ROWS_OF_TRIALS = 20_000

#: Codes and rare categories are compared only in columns with fewer rows than this for each input.
ROWS_OF_CATEGORY = 10

#: Maximum number of epochs of a trial. Networks without inputs for pairs need more epochs than
#: those with them, so shorter trials would favour pairs.
EPOCHS = 48


class InputTrials:
    """Trains the networks of one repeat with different inputs of the same table.

    Parameters
    ----------
    table : TrainingTable
        The rows, of which at most `MOST_ROWS_OF_TRIALS` are used.
    recipe : EnsembleRecipe
        The numbers of the training, except those of the repeats and epochs.
    progress : bool, optional
        Whether a bar shows the epochs; by default, on a terminal and in notebooks.
    """

    def __init__(
        self,
        table: TrainingTable,
        recipe: EnsembleRecipe,
        *,
        progress: bool | None = None,
    ) -> None:
        self.has_all_rows = len(table.y) <= MOST_ROWS_OF_TRIALS
        if not self.has_all_rows:
            table = table.sampled(MOST_ROWS_OF_TRIALS)
        self.table = table
        self.recipe = replace(recipe, repeats=1, epochs=min(recipe.epochs, EPOCHS))
        self.progress = progress
        #: The inputs that networks have been trained with, and their losses.
        self._losses: list[tuple[ChosenInputs, float]] = []

    def confirm(self, chosen: ChosenInputs) -> ChosenInputs:
        """Leave out the codes, rare categories and pairs that make predictions worse."""
        confirmed = chosen._replace(pairs=())
        if self.has_all_rows:
            wide = self._wide_columns(confirmed)
            without_codes = confirmed.without_codes(wide)
            confirmed = self._better(without_codes, confirmed)
            with_merged = confirmed.with_merged_categories(wide)
            confirmed = self._better(with_merged, confirmed)
        with_pairs = confirmed._replace(pairs=chosen.pairs)
        if self._is_clearly_better(with_pairs, confirmed):
            return with_pairs
        return confirmed

    def _better(self, other: ChosenInputs, chosen: ChosenInputs) -> ChosenInputs:
        """Return the other inputs if networks predict better with them."""
        if other == chosen:
            return chosen
        if self._loss(other) < self._loss(chosen):
            return other
        return chosen

    def _is_clearly_better(self, further: ChosenInputs, chosen: ChosenInputs) -> bool:
        """Return whether further inputs reduce the loss by more than the fraction `GAIN`."""
        if further == chosen:
            return False
        return self._loss(further) < (1 - GAIN) * self._loss(chosen)

    def _wide_columns(self, chosen: ChosenInputs) -> set[str]:
        """Find the columns with few rows for each input."""
        if not chosen.codes and not chosen.days and not chosen.rare:
            return set()
        wide = set()
        for column in self.table.encode(chosen, self.recipe).used:
            if len(column.inputs) * ROWS_OF_CATEGORY > len(self.table.y):
                wide.add(column.name)
        return wide

    def _loss(self, chosen: ChosenInputs) -> float:
        """Return the loss of networks with these inputs on the rows that they leave out."""
        for trained, loss in self._losses:
            if trained == chosen:
                return loss
        training = self.table.prepare(chosen, self.recipe).training
        with live_line(self.progress, width=12) as show_line:
            training.run(self.table.threads, progress=False, show_line=_of_trial(show_line))
        if training.is_interrupted:
            raise KeyboardInterrupt
        assert training.best is not None
        loss = training.best.loss
        self._losses.append((chosen, loss))
        return loss


def _of_trial(show_line: ShowLine | None) -> ShowLine | None:
    """Wrap `show_line`, so that the bar says that inputs are compared, and prints no line."""
    if show_line is None:
        return None

    def show(epoch: int, n_epochs: int, text: str, number: int) -> None:
        show_line(epoch, n_epochs, f"comparing inputs  {text}", 0)

    return show
