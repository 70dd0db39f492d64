"""Shelf: the tables and the models that the page was started with or has sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from barenet.data.dataset import Dataset
from barenet.data.run_config import DEFAULTS, RunConfig
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
        """Make ready what a scene names."""
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

    def open_model(self, path: Path, rows: str = "", config: RunConfig = NOTHING_KNOWN) -> State:
        """Take a model file."""
        key = self.models.open(path, config)
        model = self.models.find(key)
        wanted = self.wanted(key)
        fits = rows and wanted and set(wanted) <= self.tables.columns(rows).keys()
        share = min(max(config.over(DEFAULTS).test_size or 0.0, LEAST_SHARE), MOST_SHARE)
        scene = Scene(data=key, rows=rows if fits else "", test_size=share)
        return State(scene=scene, designs=(model.design,))

    def wanted(self, key: str) -> list[str]:
        """List the columns that a table needs, to go with a model."""
        model = self.models.find(key)
        if model.outputs:
            return []
        return [*model.predictor.feature_names, model.predictor.target_name]

    def outputs(self, scene: Scene) -> list[str]:
        """List the numbers of which one can be shown."""
        if not scene.data.startswith(MODEL_PREFIX):
            return []
        return list(self.models.find(scene.data).outputs)

    def columns(self, scene: Scene) -> dict[str, bool] | None:
        """List the columns of the table that a scene names."""
        if not scene.data.startswith(PREFIX) or scene.data not in self.tables:
            return None
        return self.tables.columns(scene.data)

    def with_words(self, scene: Scene, target: str) -> list[str]:
        """Write the commands that learn from columns that are no numbers, too."""
        return [] if self.columns(scene) is None else self.tables.with_words(scene.data, target)

    def close(self) -> None:
        """Remove what was sent."""
        self.tables.close()
