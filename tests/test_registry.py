"""Names with options, over every registry: there and back, and the errors for wrong ones."""

import dataclasses
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from barenet import METRICS, _constraints as constraints
from barenet._registry import SYNONYMS, build, canonical, lookup, spec_of
from barenet.activations import ACTIVATIONS, Activation, LeakyReLU, ReLU, Sigmoid, Softmax
from barenet.engines import ENGINES
from barenet.engines.jax._jax_engine import PRECISIONS
from barenet.errors import ArgumentError
from barenet.initializers import INITIALIZERS, Initializer
from barenet.model._activations import as_activation
from barenet.model._initializers import as_initializer
from barenet.model.layers import LAYERS, Layer
from barenet.model.losses import LOSSES, BinaryFocal, Loss, as_loss
from barenet.optimization._penalties import PENALTIES, as_penalties
from barenet.optimization._schedules import as_schedule
from barenet.optimization.optimizers import OPTIMIZERS, Optimizer, as_optimizer
from barenet.optimization.optimizers._optimizer import CLIPPINGS, as_clipping
from barenet.optimizers import Clipping
from barenet.penalties import L2, Penalty
from barenet.schedules import SCHEDULES, Schedule

#: By the argument that takes it: a registry, the base class, and the function that users reach.
REGISTRIES: dict[str, tuple[dict[str, Any], type, Any]] = {
    "activation": (ACTIVATIONS, Activation, as_activation),
    "init": (INITIALIZERS, Initializer, as_initializer),
    "loss": (LOSSES, Loss, lambda spec: build(Loss, LOSSES, spec, "loss")),
    "optimizer": (OPTIMIZERS, Optimizer, as_optimizer),
    "schedule": (SCHEDULES, Schedule, as_schedule),
    "clip": (CLIPPINGS, Clipping, as_clipping),
    "penalty": (PENALTIES, Penalty, lambda spec: as_penalties(spec)[0]),
}
KINDS = [
    pytest.param(argument, kind, id=f"{argument}-{name}")
    for argument, (registry, *_) in REGISTRIES.items()
    for name, kind in registry.items()
]


def test_the_formula_of_each_part_is_documented():
    """The page claims to derive every formula."""
    text = (Path(__file__).parents[1] / "docs/mathematics.md").read_text("utf-8")
    for name in (*ACTIVATIONS, *LOSSES, *OPTIMIZERS, *PENALTIES, *LAYERS):
        assert f"`{name}`" in text, f"add `{name}` to docs/mathematics.md"


def test_every_registered_class_is_public():
    modules = ["activations", "initializers", "losses", "optimizers", "penalties", "schedules"]
    public = {name for each in modules for name in vars(import_module(f"barenet.{each}"))}
    for argument, (registry, *_) in REGISTRIES.items():
        for kind in registry.values():
            name = kind.__name__
            assert name in public, f"add {name} to `__all__` beside the registry of {argument}"


@pytest.mark.parametrize(("registry", "given", "expected"), [
    (METRICS, "acc", "accuracy"), (METRICS, "MAE", "mae"), (METRICS, "crossentropy", "log_loss"),
    (LOSSES, "mae", "absolute_error"), (LOSSES, "log_loss", "binary_cross_entropy"),
    (LOSSES, "sparse_categorical_crossentropy", "categorical_cross_entropy"),
    (LOSSES, "huber_loss:delta=2", "huber:delta=2"), (OPTIMIZERS, "L-BFGS", "lbfgs"),
    (ACTIVATIONS, "swish", "silu"), (SCHEDULES, "ReduceLROnPlateau", "reduce_on_plateau"),
    (ACTIVATIONS, "rellu", "rellu"), (METRICS, "mse", "mse"), (METRICS, "", ""),
])  # fmt: skip
def test_spellings_and_names_of_other_libraries_are_known(registry, given, expected):
    assert canonical(registry, given) == expected


def test_each_spelling_has_one_meaning_in_a_registry():
    registries = [each for each, *_ in REGISTRIES.values()]
    registries += [METRICS, ENGINES, PRECISIONS]
    for registry in registries:
        assert len({canonical(registry, name.upper()) for name in registry}) == len(registry)
        assert all(canonical(registry, name) == name for name in registry)
    for name in {name for group in SYNONYMS for name in group}:
        assert any(canonical(each, name) in each for each in [*registries, {"log_loss"}]), name


def test_a_cross_entropy_is_that_of_the_output():
    for name in ("ce", "cross_entropy", "CrossEntropyLoss", "log_loss"):
        assert as_loss(name, Softmax()).name == "categorical_cross_entropy"
        assert as_loss(name, Sigmoid()).name == "binary_cross_entropy"
    assert as_loss("focal:gamma=1", Sigmoid()) == BinaryFocal(gamma=1)


def make(argument: str, spec: str) -> Any:
    return REGISTRIES[argument][2](spec)


def right_values(option: dataclasses.Field) -> st.SearchStrategy:
    """Values that every option of a type takes, NumPy's, too: counts, and numbers from 0 to 1.

    A power that must be above 1 takes numbers from 1 to 2.
    """
    if option.type in (int, "int"):
        return st.sampled_from([int, np.int64]).flatmap(lambda kind: st.integers(1, 1000).map(kind))
    if option.metadata.get("gt", 0) == 1:
        in_range = st.floats(1, 2, exclude_min=True, exclude_max=True)
        return in_range | st.sampled_from([1.25]).map(np.float32)
    return st.floats(1e-300, 1, exclude_max=True) | st.sampled_from([0.25]).map(np.float32)


def arguments_of(kind: type) -> st.SearchStrategy[dict[str, Any]]:
    values: dict[bool, dict[str, Any]] = {True: {}, False: {}}
    for option in filter(lambda option: option.init, dataclasses.fields(kind)):
        values[option.default is dataclasses.MISSING][option.name] = right_values(option)
    return st.fixed_dictionaries(values[True], optional=values[False])


@pytest.mark.parametrize(("argument", "kind"), KINDS)
@settings(max_examples=settings.default.max_examples // 5)
@given(data=st.data())
def test_spec_and_repr_round_trip(argument, kind, data):
    thing = kind(**data.draw(arguments_of(kind)))
    assert "np." not in spec_of(thing) and make(argument, spec_of(thing)) == thing
    assert eval(repr(thing), {kind.__name__: kind}) == thing


def test_registries_are_keyed_by_name():
    for registry in [LAYERS, *(registry for registry, *_ in REGISTRIES.values())]:
        assert all(registry[kind.name] is kind for kind in registry.values())
        assert all(name == name.lower() and ":" not in name for name in registry)


#: Losses of logits, which stand for the registered losses on some outputs.
ON_LOGITS = {
    "sigmoid_cross_entropy", "softmax_cross_entropy", "exponential_poisson", "sigmoid_focal",
    "softmax_focal", "softplus_poisson", "exponential_gamma", "exponential_tweedie",
}  # fmt: skip

#: A layer of the finite differences of `explain`, which no saved network has.
UNSAVED = {"moved_output"}


def test_every_subclass_is_registered():
    """A class that is missing in its registry would be in no sweep of these tests."""
    for registry, base, _ in [*REGISTRIES.values(), (LAYERS, Layer, None)]:
        named = (kind for kind in descendants(base) if hasattr(kind, "name"))
        # The losses of scikit-learn's estimators are for them alone.
        public = [kind for kind in named if not kind.__module__.endswith("._scikit_learn")]
        names = {kind.name for kind in public if kind.__module__.startswith("barenet.")}
        assert names - ON_LOGITS - UNSAVED <= registry.keys() | LAYERS.keys(), (
            base
        )  # "prelu" is a layer


def descendants(base: type) -> set[type]:
    return {base}.union(*(descendants(kind) for kind in base.__subclasses__()))


@pytest.mark.case(33)
@pytest.mark.parametrize("argument", REGISTRIES)
def test_an_option_that_is_no_number_or_unknown_to_the_class_is_refused(argument, refused):
    registry, *_ = REGISTRIES[argument]
    for kind in registry.values():
        assert_wrong_options_are_refused(argument, kind, refused)


def assert_wrong_options_are_refused(argument, kind, refused):
    known = [option.name for option in dataclasses.fields(kind) if option.init]
    for name in known:
        for value in ("abc", "nan", "-inf", "[1,2,[3]]", "1j", "None"):
            with refused(argument):
                make(argument, f"{kind.name}:{name}={value}")
    with refused("lr") as error:
        kind(lr=0.1)
    assert ("did you mean 'learning_rate'" in str(error.value)) == ("learning_rate" in known)
    assert [name for name in known if name not in str(error.value)] == []


#: Options just outside of their ranges.
OUT_OF_RANGE = """
huber:delta=0 huber:delta=-1 quantile:q=0 quantile:q=1 quantile:levels=1 quantile:levels=[0,0.5]
squared_error:factor=0
binary_focal:gamma=-1 categorical_focal:gamma=-1 normal:std=-1 uniform:limit=-1
norm:limit=0 value:limit=-1 l1:strength=-1 l2:strength=-1
step:every=0 step:gamma=-0.5 inverse_scaling:power=-1 cosine:warmup=-1 one_cycle:start=0
one_cycle:end=0 one_cycle:rise=-0.1 one_cycle:rise=1.5 reduce_on_plateau:patience=0
sgd:learning_rate=0 sgd:average=1 momentum:beta=1.1 nesterov:beta=-0.1 rmsprop:decay=1 adam:beta1=1
adam:beta2=1 adam:epsilon=0 adagrad:epsilon=-1 adamw:weight_decay=-0.1 lbfgs:memory=0
lbfgs:memory=2.5 lbfgs:gain=-1 lbfgs:evaluations=0 lbfgs:tolerance=-1
"""


@pytest.mark.case(33)
def test_an_option_out_of_its_range_is_refused(refused):
    for spec in OUT_OF_RANGE.split():
        name, option = re.match(r"(\w+):(\w+)=", spec).groups()
        (argument,) = (each for each, (registry, *_) in REGISTRIES.items() if name in registry)
        with refused(argument, rf"{name}'s {option}: expected a "):
            make(argument, spec)


@pytest.mark.case(33)
@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        ("x", "unknown '{name}x', did you mean"),
        (":wrong=1", "unknown option 'wrong'"),
        (":1", "'1' is no option=value"),
        (":=1", "unknown option ''"),
        (":name=x", "unknown option 'name'"),
    ],
)
def test_an_unknown_name_or_option_is_refused(rest, problem, refused):
    for argument, (registry, *_) in REGISTRIES.items():
        name = sorted(registry)[0]
        with refused(argument, problem.format(name=name)) as error:
            make(argument, name + rest)
        assert rest != "x" or all(right in str(error.value) for right in registry)


def test_a_constructor_of_ones_own_takes_its_own_arguments():
    class Halved(LeakyReLU):
        def __init__(self, double: float, **others: object) -> None:
            super().__init__(slope=double / 2)

    assert Halved(double=0.4, anything=1).slope == 0.2


def test_options_of_a_class_that_is_no_dataclass_are_in_its_spec_and_repr():
    class Swish(Activation):
        name = "swish"

        def __init__(self, beta: float = 1.0) -> None:
            self.beta = beta

        def forward(self, Z):
            return Z / (1 + np.exp(-self.beta * Z))

    assert (spec_of(Swish(2.0)), spec_of(Swish())) == ("swish:beta=2.0", "swish")
    assert repr(Swish(2.0)).endswith("Swish(beta=2.0)")
    assert build(Activation, {"swish": Swish}, "swish:beta=2", "hidden").beta == 2.0


def test_a_class_without_a_name_is_refused(refused):
    for argument, (_, base, _) in REGISTRIES.items():
        nameless = type("Nameless", (base,), {})
        with refused(argument, "Nameless has no `name`; give its class"):
            nameless(0.1)


def test_values_that_are_neither_name_nor_instance_are_refused(refused):
    for wrong in (5, None, 0.1, ["relu"], ReLU, object()):
        with refused("hidden", "expected one of ascending, .*, or an instance, got"):
            build(Activation, ACTIVATIONS, wrong, "hidden")


@given(text=st.text(max_size=12))
def test_random_specs_are_built_or_refused(text):
    try:
        thing = build(Activation, ACTIVATIONS, f"leaky_relu:slope={text}", "hidden")
    except ValueError as error:
        assert str(error).startswith("hidden:") or "slope" in str(error)
    else:
        assert isinstance(thing, LeakyReLU)


@pytest.mark.parametrize("text", ["-" * 5000 + "1", "(" * 5000, "\0", "[" * 90 + "]" * 90])
def test_hostile_specs_are_refused(text):
    with pytest.raises(ValueError, match="slope"):
        build(Activation, ACTIVATIONS, f"leaky_relu:slope={text}", "hidden")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("leaky_relu", LeakyReLU()),
        (" leaky_relu : slope = 0.2 ", LeakyReLU(slope=0.2)),
        ("leaky_relu:", LeakyReLU()),
        ("leaky_relu:slope=2e-1,", LeakyReLU(slope=0.2)),
        ("leaky_relu:slope=1", LeakyReLU(slope=1.0)),
        (LeakyReLU(slope=0.3), LeakyReLU(slope=0.3)),
    ],
)
def test_spellings_of_a_spec(spec, expected):
    assert build(Activation, ACTIVATIONS, spec, "hidden") == expected


@pytest.mark.parametrize("strength", [(0.1, 0.2), [0.1, 0.2], np.array([0.1, 0.2])])
def test_lists_round_trip(strength):
    spec = spec_of(L2(strength))
    assert spec == "l2:strength=[0.1,0.2]"
    (penalty,) = as_penalties(spec)
    assert list(penalty.strength) == [0.1, 0.2]
    assert spec_of(penalty) == spec


@pytest.mark.parametrize(("argument", "spec"), [("clip", "norm"), ("penalty", "l2")])
def test_a_missing_option_is_named(argument, spec):
    with pytest.raises(ArgumentError, match=rf"^{argument}: {spec} needs "):
        make(argument, spec)


def test_a_default_that_breaks_its_own_constraint_is_refused():
    @dataclasses.dataclass(frozen=True, repr=False)
    class Steep(constraints.Configurable):
        name = "steep"
        role = "hidden"
        slope: float = constraints.option(-1.0, gt=0)
        width: float = constraints.option(2, gt=0)

    with pytest.raises(ArgumentError, match=r"^hidden: steep's slope: expected a number above 0"):
        Steep()
    width = Steep(slope=1.0).width
    assert (width, type(width)) == (2.0, float)  # a whole number as the default is converted


def test_lookup_accepts_any_mapping():
    assert lookup(METRICS, "accuracy", "metrics") is METRICS["accuracy"]
    with pytest.raises(ValueError, match=r"^metrics: unknown 'acuracy', did you mean 'accuracy'\?"):
        lookup(METRICS, "acuracy", "metrics")
    with pytest.raises(ValueError, match=r"^x: unknown 'zzz' \(choose from a, b\)$"):
        lookup({"b": 1, "a": 2}, "zzz", "x")
    with pytest.raises(ValueError, match=r"\(choose from huber\)$"):  # "" stands for a default
        lookup({"": 1, "huber": 2}, "zzz", "loss")
