"""The run of an ensemble: ``barenet train`` on a table, without settings of one network."""

from dataclasses import replace
from typing import Any

from barenet import Ensemble, History, ModelCard
from barenet.cli._experiment import Experiment, assemble
from barenet.cli._introduction import introduce
from barenet.cli._run_settings import RunSettings, is_table
from barenet.data import DEFAULTS, RunConfig
from barenet.data._class_weight import class_weights
from barenet.data._rare_categories import THRESHOLDS
from barenet.data._run_defaults import check_target_settings
from barenet.errors import ArgumentError
from barenet.population._ensemble_training import EnsembleTraining, train_on_table

#: Settings that an ensemble has, too; all others are those of one network.
SHARED = ("seed", "test_size", "split_seed", "metric", "class_weight", "verbose_epoch")

#: Periods of rows that are split by time: the folds leave out some of them as a whole.
N_PERIODS = 32


def trains_ensemble(settings: RunSettings) -> bool:
    """Whether settings are those of an ensemble: of a table, and none of one network."""
    others = settings.config.set_fields().keys() - {*SHARED}
    others |= {"start_from"} if settings.start_from else set()
    if settings.quick is None:
        return is_table(settings.data) and not others
    refused = sorted(others - {"epochs"})
    if refused and not settings.quick:
        remedy = "leave it out, or train one network with {quick}"
        problem = "is a setting of one network, not of an ensemble"
        raise ArgumentError(problem, argument=refused[0], remedy=remedy, quick=True)
    return not settings.quick


def run_ensemble(
    experiment: Experiment, training: EnsembleTraining, note: str, **options: Any
) -> tuple[Experiment, History]:
    """Print the data, a note and the network, train an ensemble, and put it in the experiment."""
    introduce(experiment, note)
    history = training.run(**options)
    predictor, best = experiment.predictor, training.best
    assert best is not None
    card = replace(predictor.card or ModelCard(), scores=best.scores)
    network = training.ensemble()
    predictor = replace(predictor, network=network, residuals=best.residuals, card=card)
    return replace(experiment, predictor=predictor), history


def prepare_ensemble(settings: RunSettings) -> tuple[Experiment, EnsembleTraining, str]:
    """Load the table, and make the networks; the last part is a note on merged categories."""
    settings.config.validate()
    dataset = settings.load(frame=True)
    defaults = {name: getattr(DEFAULTS, name) for name in ("seed", "test_size", "split_seed")}
    config = settings.config.over(RunConfig(**defaults))
    check_target_settings(config, dataset)
    available, test = dataset.split(config.test_size or 0.0, config.split_seed or 0)
    weight = None
    if config.class_weight:
        weight = class_weights(config.class_weight, available)[available.y]
    training, encoding, scaling = train_on_table(
        available.X,
        available.y,
        len(dataset.classes or ()),
        weight=weight,
        groups=available.groups(N_PERIODS),
        epochs=config.epochs,
        seed=config.seed or 0,
        **settings.table_options(available.feature_names),
    )
    config, rare = replace(config, epochs=training.recipe.epochs), training.recipe.rare
    note = ""
    if rare not in (settings.rare, THRESHOLDS[0]):
        note = f"of less than {100 * rare:g} % of the rows are" if rare else "are not"
        note = f"categories {note} merged, chosen by the error on rows that are left out\n\n"
    settings = replace(settings, quick=False, config=config, rare=rare)
    parts = {"available": available, "training": available, "validation": None, "test": test}
    network = Ensemble(training.networks)
    return assemble(settings, dataset, network, encoding, scaling, **parts), training, note
