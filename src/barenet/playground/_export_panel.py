"""The run of the page as ``barenet train`` and as Python code, with notes on the differences."""

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from barenet import _shell as shell
from barenet._registry import spec_of
from barenet.data import DATASETS, RunConfig
from barenet.data._run_defaults import table_defaults
from barenet.errors import some
from barenet.model.losses import as_loss
from barenet.optimization._schedules import as_schedule
from barenet.playground._network_view import NetworkView
from barenet.playground._page_state import HAND_DRAWN, DataSettings
from barenet.playground._plane import FEATURES
from barenet.playground._tables import MAX_ROWS

_TEXTS = tomllib.loads(Path(__file__).with_name("export.toml").read_text("utf-8"))
NOTES: dict[str, str] = _TEXTS["notes"]
CODE: dict[str, str] = _TEXTS["code"]
#: Settings of the page that a data set may have other defaults for.
PAGE_SETTINGS = RunConfig(
    init="auto", bias_init="zeros", shuffle=True, dtype="float32", l1=0.0, l2=0.0, patience=0
)


def export(view: NetworkView, data: DataSettings) -> dict[str, Any]:
    """Write the command, the code and the notes."""
    if view.prepared.model is not None or data.source == HAND_DRAWN:
        note = NOTES["opened" if view.prepared.model else "by_hand"]
        return {"command": "", "code": "", "notes": [note]}
    run = ExportedRun(view, data)
    comments = [f"# {each}" for each in run.differences()]
    notes = [NOTES["other_command" if comments else "same_command"], NOTES["same_weights"]]
    command = "\n".join([*comments, run.command()])
    return {"command": command, "code": run.script(), "notes": notes}


class ExportedRun:
    """A run of the page, up to its current epoch."""

    def __init__(self, view: NetworkView, data: DataSettings) -> None:
        self.view, self.data = view, data
        self.prepared, self.table = view.prepared, view.prepared.table
        self.dataset, self.features = view.prepared.dataset, view.prepared.features
        #: The columns of a table that the page does not use.
        used = getattr(self.prepared.encoding, "feature_names", self.dataset.feature_names)
        features = self.table.features(self.dataset.target_name) if self.table else {}
        self.dropped = [name for name in features if name not in used]
        self.config = view.prepared.run_config(view.settings)
        self.epochs, self.edits = max(view.latest.epoch, 1), view.latest.edits
        #: Length of the schedule, if it isn't the number of epochs that were trained.
        depends = view.settings.depends_on_epochs(self.epochs)
        self.schedule_epochs = view.settings.schedule_epochs if depends else None

    def command(self) -> str:
        """Write ``barenet train`` with every setting that matters."""
        words: list[Any] = ["barenet", "train", self.dataset.name]
        options: dict[str, Any] = {}
        if self.table is not None:
            columns = {"task": self.data.task, "drop": self.dropped}
            options = {"target": self.dataset.target_name, **self.table.options}
            options |= {name: value for name, value in columns.items() if value}
        for name, value in (options | self._command_config().set_fields()).items():
            values = value if isinstance(value, tuple | list) else [value]
            values = [] if isinstance(value, bool) else values
            words += [f"--{'no-' * (value is False)}{name.replace('_', '-')}", *values]
        return shell.join(map(str, words))

    def _command_config(self) -> RunConfig:
        """The run of the page, with settings to replace other defaults of the data set."""
        config = replace(
            self.config,
            layers=(self.dataset.n_features, *(self.config.layers or ())[1:]),
            epochs=self.epochs,
            scaling="standardize",
            test_size=self.data.test_size,
            **self.data.generator_options,
        )
        named, n_rows = DATASETS.get(self.dataset.name), len(self.prepared.training[1])
        default = (table_defaults(n_rows) if named is None else named.config).set_fields()
        loss = spec_of(as_loss(None, self.view.network.output_activation))
        fixed = replace(PAGE_SETTINGS, loss=loss).set_fields().items()
        others = {name: value for name, value in fixed if default.get(name, value) != value}
        return config.over(RunConfig(**others))

    def differences(self) -> Iterator[str]:
        """Yield the differences between the command and the page."""
        if (names := self.prepared.input_names) != self.dataset.feature_names:
            columns = some(self.dataset.feature_names)
            yield f"The command learns from {columns}, the page from {some(names)}."
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
        after_epochs = ["edit(len(run.history))"] if edits else []
        after_epochs += [f"len(run.history) == {self.epochs}"] if self.schedule_epochs else []
        callbacks = [f"barenet.callbacks.LambdaCallback(lambda run: {c})" for c in after_epochs]
        given = self.config.set_fields()
        names = ("hidden", "output", "init", "batch_norm", "dropout", "seed")
        is_scaled = self.prepared.target_scaling is not None
        target = "target({}.y)" if is_scaled else "{}.y"
        script = CODE["script"].format(
            data=loading,
            test_size=self.data.test_size,
            scaling=scaling,
            target_scaling=CODE["target_scaling"] if is_scaled else "",
            layers=[*given["layers"]],
            architecture=_arguments({n: given[n] for n in names if n in given}),
            edits=CODE["edits"].format(edits=edits) if edits else "",
            settings=self._settings(),
            train_y=target.format("train"),
            test_y=target.format("test"),
            metric=self.view.task.metric,
            callbacks=f"\n    callbacks=[{', '.join(callbacks)}]," if callbacks else "",
        )
        return f"import dataclasses\n\n{script}" if "dataclasses." in loading else script

    def _loading(self) -> str:
        """Load the data, and of a table as many rows as the page uses."""
        options, table, more = self.data.generator_options, self.table, ""
        if table is not None:
            task = {"task": self.data.task} if self.data.task else {}
            frame = {"frame": True} if self.dropped else {}
            options = {"target": self.dataset.target_name, **task, **table.options, **frame}
            if self.dropped and self.prepared.encoding is None:
                more = CODE["axes"].format(names=self.dataset.feature_names)
            more += CODE["sample"].format(rows=MAX_ROWS) if table.n_rows > MAX_ROWS else ""
        return f"data = barenet.load_dataset({self.dataset.name!r}{_arguments(options)}){more}"

    def _feature_columns(self) -> str:
        """Compute the features, unless they are the columns themselves."""
        features, names = self.features, self.prepared.input_names
        if not features.names or names == tuple(self.dataset.feature_names):
            return ""
        own = {"x1": "x[:, 0]", "x2": "x[:, 1]"}
        offset, factor = features.scaling.offset.tolist(), features.scaling.factor.tolist()
        return CODE["feature_columns"].format(
            columns=[features.columns[0], features.columns[-1]],
            units="x" if features.scaling.name == "none" else f"(x - {offset}) * {factor}",
            formulas=", ".join(own.get(name, FEATURES[name].code) for name in features.names),
            names=names,
        )

    def _settings(self) -> str:
        """The arguments of `train` that the page sets."""
        epochs = self.schedule_epochs or self.epochs
        values = replace(self.config, epochs=epochs).train_arguments()
        values["optimizer"] = spec_of(values["optimizer"])
        if penalties := values.pop("penalty"):
            values["penalty"] = spec_of(penalties[0])
        return "\n".join(f"    {name}={value!r}," for name, value in values.items())


def _arguments(options: dict[str, Any]) -> str:
    """Write keyword arguments that follow others in a call."""
    return "".join(f", {name}={value!r}" for name, value in options.items())
