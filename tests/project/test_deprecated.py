"""Names that have moved work for one more release, with a warning that has what to use instead."""

import importlib

import pytest

import barenet
from barenet import _DEPRECATED as MOVED, Network, save
from barenet.data import _MODULES as OF_DATA
from barenet.errors import ArgumentError, ModelFileError
from barenet.typing import Ensemble


@pytest.mark.parametrize("name", MOVED)
def test_a_moved_name_warns_and_works(name):
    module, replacement = MOVED[name]
    with pytest.warns(FutureWarning, match=f"barenet.{name} is deprecated") as warned:
        moved = getattr(barenet, name)
    assert str(warned[0].message).endswith(f"use {replacement}")
    assert warned[0].filename == __file__
    assert moved is getattr(importlib.import_module(f"barenet.{module}"), name)
    assert name not in barenet.__all__ and name not in dir(barenet)


@pytest.mark.parametrize("name", OF_DATA)
def test_the_names_of_the_module_data_warn_and_work(name):
    with pytest.warns(FutureWarning, match=f"import {name} from barenet"):
        moved = getattr(importlib.import_module("barenet.data"), name)
    home = importlib.import_module(f"barenet.{OF_DATA[name]}")
    assert moved is getattr(home, name)


def test_a_name_that_never_was_is_no_attribute():
    with pytest.raises(AttributeError, match="no attribute 'Netwrok'"):
        _ = barenet.Netwrok
    with pytest.raises(AttributeError, match="no attribute 'Netwrok'"):
        _ = importlib.import_module("barenet.data").Netwrok


def test_load_returns_the_expected_class_or_names_the_problem(tmp_path):
    one = tmp_path / "one.safetensors"
    several = tmp_path / "several.safetensors"
    save(Network.dense([2, 1]), one)
    save(Ensemble([Network.dense([2, 1]), Network.dense([2, 1], seed=1)]), several)
    assert isinstance(barenet.load(one, Network), Network)
    assert isinstance(barenet.load(several, Ensemble), Ensemble)
    with pytest.raises(ModelFileError, match="holds several networks, expected one; distill it"):
        barenet.load(several, Network)
    with pytest.raises(ModelFileError, match="holds one network, expected an ensemble"):
        barenet.load(one, Ensemble)
    with pytest.raises(ArgumentError, match="expected: expected Predictor, Network or Ensemble"):
        barenet.load(one, dict)
