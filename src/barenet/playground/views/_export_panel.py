"""The run of the page as Python code."""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from barenet._registry import spec_of
from barenet.playground.data._table_file import MAX_ROWS
from barenet.playground.state._features import FEATURES
from barenet.playground.state._page_state import HAND_DRAWN, DataSettings
from barenet.playground.views._network_view import NetworkView

_TEXTS = tomllib.loads(Path(__file__).with_name("export.toml").read_text("utf-8"))
NOTES: dict[str, str] = _TEXTS["notes"]
CODE: dict[str, str] = _TEXTS["code"]


def export(view: NetworkView, data: DataSettings) -> dict[str, Any]:
    """Write the code, and a note on it."""
    if view.prepared.model is not None or data.source == HAND_DRAWN:
        note = "opened" if view.prepared.model is not None else "by_hand"
        return {"code": "", "note": NOTES[note]}
    return {"code": ExportedRun(view, data).script(), "note": NOTES["same_weights"]}


class ExportedRun:
    """A run of the page up to its current epoch."""

    def __init__(self, view: NetworkView, data: DataSettings) -> None:
        self.view = view
        self.data = data
        self.prepared = view.prepared
        self.table = view.prepared.table
        self.dataset = view.prepared.dataset
        self.features = view.prepared.features
        used = self.dataset.feature_names
        if self.prepared.encoding is not None:
            used = self.prepared.encoding.feature_names
        #: The columns of a table that the page does not use.
        self.dropped: list[str] = []
        if self.table is not None:
            names = self.table.features(self.dataset.target_name)
            self.dropped = [name for name in names if name not in used]
        self.config = view.prepared.run_config(view.settings)
        self.epochs = max(view.latest.epoch, 1)
        self.edits = view.latest.edits
        #: Length of the schedule, if it differs from the number of trained epochs.
        self.schedule_epochs: int | None = None
        if view.settings.depends_on_epochs(self.epochs):
            self.schedule_epochs = view.settings.schedule_epochs

    def script(self) -> str:
        """Write a script that trains the network."""
        loading = self._loading() + self._feature_columns()
        scaling = 'Scaling.fit("standardize", train.X)'
        if self.prepared.encoding is not None:
            scaling = f"TableEncoding.fit(train.X, drop={self.dropped})"
        edits: dict[int, dict[int, float]] = {}
        for edit in self.edits:
            edits.setdefault(edit.epoch, {})[edit.index] = edit.value
        edit_code = ""
        after_epochs = []
        if edits:
            edit_code = CODE["edits"].format(edits=edits)
            after_epochs.append("edit(len(run.history))")
        if self.schedule_epochs:
            after_epochs.append(f"len(run.history) == {self.epochs}")
        callbacks = ""
        if after_epochs:
            calls = [
                f"barenet.callbacks.LambdaCallback(lambda run: {code})" for code in after_epochs
            ]
            callbacks = f"\n    callbacks=[{', '.join(calls)}],"
        fields = self.config.set_fields()
        architecture: dict[str, Any] = {}
        for name in ("hidden", "output", "init", "dropout", "seed"):
            if name in fields:
                architecture[name] = fields[name]
        target = "{}.y"
        target_scaling = ""
        if self.prepared.target_scaling is not None:
            target = "target({}.y)"
            target_scaling = CODE["target_scaling"]
        script = CODE["script"].format(
            data=loading,
            test_size=self.data.test_size,
            scaling=scaling,
            target_scaling=target_scaling,
            layers=[*fields["layers"]],
            architecture=_arguments(architecture),
            edits=edit_code,
            settings=self._settings(),
            train_y=target.format("train"),
            test_y=target.format("test"),
            metric=self.view.setup.metric,
            callbacks=callbacks,
        )
        return f"import dataclasses\n\n{script}" if "dataclasses." in loading else script

    def _loading(self) -> str:
        """Write code to load the data, with as many rows of a table as the page uses."""
        options = self.data.generator_options
        selection = ""
        if self.table is not None:
            options = {"target": self.dataset.target_name}
            if self.data.task:
                options["task"] = self.data.task
            options |= self.table.options
            if self.dropped:
                options["frame"] = True
            if self.dropped and self.prepared.encoding is None:
                selection = CODE["axes"].format(names=self.dataset.feature_names)
            if self.table.n_rows > MAX_ROWS:
                selection += CODE["sample"].format(rows=MAX_ROWS)
        arguments = f"{self.dataset.name!r}{_arguments(options)}"
        return f"data = barenet.load_dataset({arguments}){selection}"

    def _feature_columns(self) -> str:
        """Write code to compute the features, unless they are the columns themselves."""
        features = self.features
        names = self.prepared.input_names
        if not features.names or names == tuple(self.dataset.feature_names):
            return ""
        units = "x"
        if features.scaling.name != "none":
            offset = features.scaling.offset.tolist()
            factor = features.scaling.factor.tolist()
            units = f"(x - {offset}) * {factor}"
        # Unlike computed features, the columns themselves are not scaled.
        unscaled = {"x1": "x[:, 0]", "x2": "x[:, 1]"}
        formulas = [unscaled.get(name, FEATURES[name].code) for name in features.names]
        return CODE["feature_columns"].format(
            columns=[features.columns[0], features.columns[-1]],
            units=units,
            formulas=", ".join(formulas),
            names=names,
        )

    def _settings(self) -> str:
        """Write the arguments of `train` that the page sets."""
        epochs = self.schedule_epochs or self.epochs
        values = replace(self.config, epochs=epochs).train_arguments()
        values["optimizer"] = spec_of(values["optimizer"])
        penalties = values.pop("penalty")
        if penalties:
            values["penalty"] = spec_of(penalties[0])
        lines = [f"    {name}={value!r}," for name, value in values.items()]
        return "\n".join(lines)


def _arguments(options: dict[str, Any]) -> str:
    """Write keyword arguments that come after others in a call."""
    arguments = [f", {name}={value!r}" for name, value in options.items()]
    return "".join(arguments)
