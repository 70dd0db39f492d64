"""The run of the page as a ``barenet train`` command and as Python code, with their differences."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from barenet import _shell as shell
from barenet._registry import spec_of
from barenet.datasets._dataset_loading import DATASETS
from barenet.errors import some
from barenet.model.losses import as_loss
from barenet.optimization._schedules import as_schedule
from barenet.playground.data._table_file import MAX_ROWS
from barenet.playground.state._features import FEATURES
from barenet.playground.state._page_state import HAND_DRAWN, DataSettings
from barenet.playground.views._network_view import NetworkView
from barenet.settings._run_config import NO_PENALTY, RunConfig
from barenet.settings._run_defaults import table_defaults

_TEXTS = tomllib.loads(Path(__file__).with_name("export.toml").read_text("utf-8"))
NOTES: dict[str, str] = _TEXTS["notes"]
CODE: dict[str, str] = _TEXTS["code"]
#: Settings of the page whose defaults may differ for a data set.
PAGE_SETTINGS = RunConfig(
    init="auto",
    bias_init="zeros",
    shuffle=True,
    dtype="float32",
    penalty=NO_PENALTY,
    patience=0,
)


def export(view: NetworkView, data: DataSettings) -> dict[str, Any]:
    """Write the command, the code and the notes."""
    if view.prepared.model is not None or data.source == HAND_DRAWN:
        note = "opened" if view.prepared.model is not None else "by_hand"
        return {"command": "", "code": "", "notes": [NOTES[note]]}
    run = ExportedRun(view, data)
    comments = [f"# {difference}" for difference in run.differences()]
    note = "other_command" if comments else "same_command"
    return {
        "command": "\n".join([*comments, run.command()]),
        "code": run.script(),
        "notes": [NOTES[note], NOTES["same_weights"]],
    }


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

    def command(self) -> str:
        """Write a ``barenet train`` command with every setting that matters."""
        data = self.dataset.name
        row_options = [f"{name}={value}" for name, value in self.data.generator_options.items()]
        if row_options:
            data = f"{data}:{','.join(row_options)}"
        words: list[Any] = ["barenet", "train", data]
        options: dict[str, Any] = {}
        if self.table is not None:
            options = {"target": self.dataset.target_name, "model": "network"}
            options |= self.table.options
            if self.data.task:
                options["task"] = self.data.task
            if self.dropped:
                options["drop"] = self.dropped
        options |= self._command_config().set_fields()
        for name, value in options.items():
            option = name.replace("_", "-")
            if value is False:
                words.append(f"--no-{option}")
                continue
            words.append(f"--{option}")
            if isinstance(value, tuple | list):
                words += value
            elif value is not True:
                words.append(value)
        return shell.join([str(word) for word in words])

    def _command_config(self) -> RunConfig:
        """Return the run of the page, with settings to override other defaults of the data set."""
        layers = self.config.layers or ()
        config = replace(
            self.config,
            layers=(self.dataset.n_features, *layers[1:]),
            epochs=self.epochs,
            scaling="standardize",
            test_size=self.data.test_size,
        )
        named = DATASETS.get(self.dataset.name)
        if named is None:
            n_rows = len(self.prepared.training.y)
            default = table_defaults(n_rows).set_fields()
        else:
            default = RunConfig(**named.defaults).set_fields()
        loss = spec_of(as_loss(None, self.view.network.output_activation))
        differing = {}
        for name, value in replace(PAGE_SETTINGS, loss=loss).set_fields().items():
            if default.get(name, value) != value:
                differing[name] = value
        return config.over(RunConfig(**differing))

    def differences(self) -> Iterator[str]:
        """Yield the differences between the command and the page."""
        if self.prepared.input_names != self.dataset.feature_names:
            columns = some(self.dataset.feature_names)
            inputs = some(self.prepared.input_names)
            yield f"The command learns from {columns}, the page from {inputs}."
        if self.table is not None and self.table.n_rows > MAX_ROWS:
            yield f"The command learns from all rows, the page from {MAX_ROWS:,} of them."
        if as_schedule(self.view.settings.schedule).follows_loss:
            yield "The command's schedule uses the validation loss, the page's the training loss."
        elif self.schedule_epochs:
            length = f"{self.schedule_epochs:,} epochs"
            yield f"The page spreads the schedule over {length}, not over these."
        if self.edits:
            yield "Weights were changed by hand on the page; the command cannot do that."

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
        for name in ("hidden", "output", "init", "batch_norm", "dropout", "seed"):
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
