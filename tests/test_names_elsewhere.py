"""What users of other libraries type out of habit is refused with what to use here."""

import re

import numpy as np
import pytest

import barenet
from barenet import (
    MLPClassifier,
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
    MLPRegressor,
    Network,
    batches,
    train,
)
from barenet._names_elsewhere import MODULES, NAMES_ELSEWHERE
from barenet.callbacks import EarlyStopping, TimeLimit
from barenet.errors import ArgumentError
from barenet.optimizers import SGD, Adam
from barenet.penalties import L2

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


def test_names_of_other_libraries_have_a_remedy():
    for name, remedy in NAMES_ELSEWHERE.items():
        for module in (barenet, barenet.layers, barenet.losses, barenet.callbacks):
            with pytest.raises(AttributeError) as caught:
                getattr(module, name)
            assert str(caught.value).endswith(f"; {remedy}")
        for module in (barenet.optimizers, barenet.schedules):
            assert not hasattr(module, name)


def test_the_names_in_remedies_exist():
    for remedy in NAMES_ELSEWHERE.values():
        for path in re.findall(r"barenet((?:\.\w+)+)", remedy):
            thing = barenet
            for attribute in path[1:].split("."):
                thing = getattr(thing, attribute)


def test_a_name_of_a_module_is_found():
    with pytest.raises(AttributeError, match=r"'Adam'; use barenet\.optimizers\.Adam$"):
        barenet.Adam  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'Network'"):
        barenet.Netwrok  # noqa: B018
    assert set(MODULES) < set(barenet.__all__)


@pytest.mark.case(186)
def test_a_notebook_completes_public_names_alone():
    assert sorted(barenet.__all__) == [name for name in dir(barenet) if not name.startswith("_")]


@pytest.mark.case(186)
def test_mini_batches_have_one_spelling():
    assert len(list(batches(X, Y, batch_size=20))) == 2
    with pytest.raises(ArgumentError, match="size: is no argument of batches; pass batch_size=20"):
        batches(X, Y, size=20)


#: Arguments of other libraries, and a part of the remedy.
HABITS = [
    (Network.dense, {"activation": "relu"}, "pass hidden, the name of an activation"),
    (Network.dense, {"output_activation": "softmax"}, "pass output, the name of an activation"),
    (MLPEnsembleClassifier, {"n_estimators": 100}, "the number of rows determines"),
    (MLPEnsembleRegressor, {"max_depth": 6}, "the number of rows determines"),
    (MLPEnsembleRegressor, {"learning_rate_init": 0.1}, "chooses the settings of its training"),
    (MLPEnsembleClassifier, {"hidden_layer_sizes": (8,)}, "layers of their own"),
    (MLPEnsembleClassifier, {"early_stopping": True}, "max_iter limits the epochs"),
    (MLPEnsembleClassifier, {"n_epochs": 9}, "pass max_iter=9"),
    (MLPEnsembleClassifier, {"monotone_constraints": (1, 0)}, "pass monotonic=[1, 0, -1], a sign"),
    (MLPEnsembleRegressor, {"monotonic_cst": [1, 0]}, "pass monotonic=[1, 0, -1], a sign"),
    (MLPClassifier, {"n_estimators": 100}, "MLPEnsembleClassifier"),
    (MLPRegressor, {"max_depth": 6}, "hidden_layer_sizes"),
    (MLPClassifier().fit, {"eval_set": [(X, Y)]}, "validation_data=(X, y)"),
    (MLPRegressor().fit, {"early_stopping_rounds": 5}, "early_stopping=True"),
    (MLPEnsembleClassifier().fit, {"eval_set": [(X, Y)]}, "out_of_fold_score_"),
    (MLPEnsembleRegressor().predict_interval, {"alpha": 0.1}, "coverage=0.9"),
    (Adam, {"lr": 0.1}, "did you mean 'learning_rate'"),
    (SGD, {"lr": 0.1}, "did you mean 'learning_rate'"),
]


@pytest.mark.case(186)
def test_arguments_of_other_libraries_have_a_remedy(refused):
    for function, arguments, remedy in HABITS:
        [name] = arguments
        with refused(name) as caught:
            function(**arguments)
        assert remedy in str(caught.value)


def test_an_optimizer_takes_no_parameters():
    network = Network.dense([3, 1])
    for parameters in (network.parameters, network):
        with pytest.raises(ArgumentError, match="leave out the parameters: train and step take"):
            Adam(parameters)


#: Methods of networks in Keras and PyTorch.
METHODS = [
    "fit", "compile", "evaluate", "save", "load", "state_dict", "load_state_dict", "get_weights",
    "set_weights", "named_parameters", "count_params", "train", "eval", "zero_grad", "to", "cuda",
    "double", "float", "half", "add", "predict_proba", "score",
]  # fmt: skip


def test_methods_of_other_networks_have_a_remedy():
    network = Network.dense([3, 1])
    for name in METHODS:
        with pytest.raises(AttributeError, match=f"no attribute '{name}'; "):
            getattr(network, name)
        assert not hasattr(network, name)
    with pytest.raises(AttributeError, match=r"has no attribute 'fitt'$"):
        getattr(network, "fitt")  # noqa: B009  # as a user's code would


class DataLoader:
    """Stands for a class of a library that is not installed."""

    __module__ = "torch.utils.data.dataloader"
    batch_size = 16

    def __iter__(self):
        return iter([(X, Y)])

    def __len__(self):
        return 1


class TensorDataset:
    __module__ = "torch.utils.data.dataset"

    def __getitem__(self, index):
        return X[index], Y[index]

    def __len__(self):
        return len(X)


@pytest.mark.case(186)
@pytest.mark.parametrize("data", [DataLoader(), TensorDataset()])
def test_data_sets_of_other_libraries_have_a_remedy(data):
    kind = type(data).__name__
    network = Network.dense([3, 1])
    clf = MLPClassifier(solver="lbfgs").fit(X, Y)
    calls = [
        lambda: train(network, data),
        lambda: train(network, data, Y),
        lambda: network.predict(data),
        lambda: clf.fit(data, Y),
        lambda: clf.predict(data),
        lambda: MLPEnsembleClassifier().fit(data, Y),
        lambda: barenet.TablePreprocessor().fit(data),
    ]
    for call in calls:
        with pytest.raises(ArgumentError, match=f"X: expected an array, got a {kind}; pass arrays"):
            call()


def trained(output="identity", y=Y, **settings):
    n_outputs = 2 if output == "softmax" else 1
    network = Network.dense([3, 4, n_outputs], output=output)
    return train(network, X, y, epochs=1, **settings)


#: Wrong calls, parts of their remedies, and the calls that follow these.
FOLLOWED = [
    (lambda: trained("softmax", Y, criterion="cross_entropy"), "pass loss, a name or a Loss",
     lambda: trained("softmax", Y, loss="cross_entropy")),
    (lambda: trained("sigmoid", Y, loss_fn="bce"), "pass loss, a name or a Loss",
     lambda: trained("sigmoid", Y, loss="bce")),
    (lambda: trained(metric="r2"), "pass metrics, the name of one", lambda: trained(metrics="r2")),
    (lambda: trained(scheduler="step"), "pass schedule, a name", lambda: trained(schedule="step")),
    (lambda: trained(solver="sgd"), "pass optimizer, a name", lambda: trained(optimizer="sgd")),
    (lambda: trained(lr=0.01), "pass optimizer='adam:learning_rate=0.01'",
     lambda: trained(optimizer="adam:learning_rate=0.01")),
    (lambda: trained(l1=0.01), "pass penalty='l1:strength=0.01'",
     lambda: trained(penalty="l1:strength=0.01")),
    (lambda: trained(weight_decay=0.01), "pass penalty='l2:strength=0.01'",
     lambda: trained(penalty="l2:strength=0.01")),
    (lambda: trained(clipnorm=1.0), "pass clip='norm:limit=1.0'",
     lambda: trained(clip="norm:limit=1.0")),
    (lambda: trained(momentum=0.9), "pass optimizer='nesterov:beta=0.9'",
     lambda: trained(optimizer="nesterov:beta=0.9")),
    (lambda: trained(n_jobs=2), "pass threads=2", lambda: trained(threads=2)),
    (lambda: trained(random_state=3), "pass seed=3", lambda: trained(seed=3)),
    (lambda: trained(verbose=True), "pass progress=True", lambda: trained(progress=True)),
    (lambda: trained(patience=3), "EarlyStopping(patience=3) and validation_data=(X, y)",
     lambda: trained(callbacks=EarlyStopping(patience=3), validation_data=(X, Y))),
    (lambda: Network.dense([3, 4, 1], activation="tanh"), "pass hidden, the name",
     lambda: Network.dense([3, 4, 1], hidden="tanh")),
    (lambda: Network.dense([3, 4, 1], output_activation="sigmoid"), "pass output, the name",
     lambda: Network.dense([3, 4, 1], output="sigmoid")),
    (lambda: MLPClassifier(lr=0.01), "pass learning_rate_init=0.01",
     lambda: MLPClassifier(learning_rate_init=0.01)),
    (lambda: MLPClassifier(weight_decay=0.01), "pass alpha=0.01",
     lambda: MLPClassifier(alpha=0.01)),
    (lambda: MLPClassifier(validation_split=0.2), "validation_fraction=0.2 and early_stopping=True",
     lambda: MLPClassifier(validation_fraction=0.2, early_stopping=True)),
    (lambda: trained(penalty=L2), "pass an instance: L2(...)", lambda: trained(penalty=L2(0.1))),
    (lambda: trained(callbacks=TimeLimit), "pass an instance: TimeLimit(...)",
     lambda: trained(callbacks=TimeLimit(60))),
    (lambda: trained(callbacks=lambda epoch, logs=None: None), "take the run",
     lambda: trained(callbacks=lambda run: None)),
]  # fmt: skip


@pytest.mark.case(232)
@pytest.mark.parametrize("number", range(len(FOLLOWED)))
def test_the_call_that_a_remedy_names_works(number):
    wrong, remedy, right = FOLLOWED[number]
    with pytest.raises(ArgumentError) as caught:
        wrong()
    assert remedy in str(caught.value)
    right()


@pytest.mark.case(232)
def test_what_has_no_equivalent_has_no_remedy():
    with pytest.raises(ArgumentError) as caught:
        MLPClassifier(l1=0.1)
    assert not caught.value.remedy
