"""Whatever can be chosen by its name has a formula."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from barenet import ACTIVATIONS, LAYERS, LOSSES, OPTIMIZERS
from barenet.insight.explain import formulas
from barenet.insight.explain.layers import LAYER_FORMULAS
from barenet.model.losses import loss_on
from barenet.optimization.clipping import CLIPPINGS
from barenet.optimization.penalties import PENALTIES

#: The losses with an output activation inside are found, and not chosen.
INSIDE = {
    loss_on(loss(), activation())[0].name
    for loss in LOSSES.values()
    for activation in ACTIVATIONS.values()
}


@pytest.mark.parametrize(
    ("registry", "table"),
    [
        (ACTIVATIONS, formulas.ACTIVATION_FORMULAS),
        (LAYERS, LAYER_FORMULAS),
        (LOSSES.keys() | INSIDE, formulas.LOSS_FORMULAS),
        (OPTIMIZERS, formulas.OPTIMIZER_FORMULAS),
        (PENALTIES, formulas.PENALTY_FORMULAS),
        (CLIPPINGS, formulas.CLIPPING_FORMULAS),
    ],
)
def test_every_name_has_a_formula(registry, table):
    assert set(table) == set(registry)


def test_an_optimizer_has_its_own_settings_and_moments():
    for name, rule in formulas.OPTIMIZER_FORMULAS.items():
        kind = OPTIMIZERS[name]
        assert set(rule.moments.values()) == set(getattr(kind, "moment_names", ()))
        assert all(hasattr(kind, option) for option in rule.settings.values())


def test_an_optimizer_has_a_text_for_each_of_its_letters():
    for name, rule in formulas.OPTIMIZER_FORMULAS.items():
        fields = {field for _, field, _, _ in Formatter().parse(rule.text) if field}
        assert fields == rule.settings.keys()
        assert rule.moments.keys() <= set(re.findall(r"\b\w\b", rule.text))
        assert rule.text.endswith(".") or name == "lbfgs"


def test_somebody_elses_class_has_none_even_by_the_same_name():
    class Loss:
        name = "squared_error"

    assert formulas.formula_of(formulas.LOSS_FORMULAS, Loss()) is None
    assert formulas.formula_of(formulas.LOSS_FORMULAS, LOSSES["huber"]()) is not None
