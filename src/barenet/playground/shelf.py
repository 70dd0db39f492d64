"""Shelf: the tables and the models that the page was started with or has sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from barenet.data.dataset import Dataset
from barenet.data.recipe import DEFAULTS, Recipe
from barenet.playground.material import Material, prepare
from barenet.playground.models import MODEL_PREFIX, NOTHING_KNOWN, Model, Models
from barenet.playground.opened import material_of, named_rows
from barenet.playground.outputs import with_one_output
from barenet.playground.scene import LEAST_SHARE, MOST_SHARE, Scene
from barenet.playground.state import State
from barenet.playground.tables import PREFIX, Tables

__all__ = ["Shelf"]


class Shelf:
    """All files of the page."""

    def __init__(self) -> None:
        self.tables, self.models = Tables(), Models()

    def material(self, scene: Scene) -> Material:
        """Make ready what a scene names.

        Parameters
        ----------
        scene : Scene
            A named data set, a table or a model.

        Returns
        -------
        Material
            The data.

        Raises
        ------
        ValueError
            If it is not here, or cannot be shown so.
        """
        if not scene.data.startswith(MODEL_PREFIX):
            material = prepare(scene, self.tables.load(scene))
            is_own = scene.data.startswith(PREFIX)
            return replace(material, fills=self.tables.fills(scene.data)) if is_own else material
        model = self.models.find(scene.data)
        rows = self._rows(scene, model)
        model = replace(model, predictor=with_one_output(model.predictor, scene.target))
        return material_of(scene, model, rows)

    def _rows(self, scene: Scene, model: Model) -> Dataset | None:
        """Find the rows that a model was trained on; a table has one column to predict."""
        if model.outputs:
            return None
        if scene.rows:
            return self.tables.samples(scene.rows, model.predictor)
        return named_rows(model)

    def open_model(self, path: Path, rows: str = "", recipe: Recipe = NOTHING_KNOWN) -> State:
        """Take a model file.

        Parameters
        ----------
        path : Path
            Where it is.
        rows : str
            Key of a table that may be the one it was trained on.
        recipe : Recipe, optional
            How it was trained, as far as that is known.

        Returns
        -------
        State
            With its network.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ModelFileError
            If it cannot be used.
        """
        key = self.models.open(path, recipe)
        model = self.models.find(key)
        wanted = self.wanted(key)
        fits = rows and wanted and set(wanted) <= self.tables.columns(rows).keys()
        share = min(max(recipe.over(DEFAULTS).test_size or 0.0, LEAST_SHARE), MOST_SHARE)
        scene = Scene(data=key, rows=rows if fits else "", test_size=share)
        return State(scene=scene, designs=(model.design,))

    def wanted(self, key: str) -> list[str]:
        """List the columns that a table needs, to go with a model.

        Parameters
        ----------
        key : str
            The model's.

        Returns
        -------
        list of str
            What it learns from, and what it predicts; none would go with several numbers.
        """
        model = self.models.find(key)
        if model.outputs:
            return []
        return [*model.predictor.feature_names, model.predictor.target_name]

    def outputs(self, scene: Scene) -> list[str]:
        """List the numbers of which one can be shown.

        Parameters
        ----------
        scene : Scene
            What is shown.

        Returns
        -------
        list of str
            Empty but for a model that predicts several.
        """
        if not scene.data.startswith(MODEL_PREFIX):
            return []
        return list(self.models.find(scene.data).outputs)

    def columns(self, scene: Scene) -> dict[str, bool] | None:
        """List the columns of the table that a scene names.

        Parameters
        ----------
        scene : Scene
            What is shown.

        Returns
        -------
        dict of str to bool, or None
            Whether each holds numbers; None where it names no table.
        """
        if not scene.data.startswith(PREFIX) or scene.data not in self.tables:
            return None
        return self.tables.columns(scene.data)

    def with_words(self, scene: Scene, target: str) -> list[str]:
        """Write the commands that learn from columns that are no numbers, too.

        Parameters
        ----------
        scene : Scene
            What is shown.
        target : str
            What is predicted.

        Returns
        -------
        list of str
            Two of them; none where there is no table with such a column.
        """
        return [] if self.columns(scene) is None else self.tables.with_words(scene.data, target)

    def close(self) -> None:
        """Remove what was sent."""
        self.tables.close()
