"""Peers in processes of their own: they answer, they take turns, and whoever fails is left out."""

import dataclasses

import pytest
from benchmarks.accuracy import accuracy
from benchmarks.child import Child
from benchmarks.compare import compare
from benchmarks.peers import PEERS
from benchmarks.suite import Suite
from benchmarks.threads import environment
from benchmarks.turns import Measured, candidates, fastest, take_turns, warm_up
from benchmarks.works import WORKS

SINE = dataclasses.replace(next(work for work in WORKS if work.name == "sine"), n_rows=20)


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A short one, with the peers that every installation has."""
    names = ("barenet", "scikit-learn", "tutorial")
    peers = {name: dataclasses.replace(PEERS[name], threads=("one",)) for name in names}
    monkeypatch.setattr("benchmarks.suite.PEERS", peers)
    return Suite(rounds=2, turn=0.001, folder=tmp_path)


def measured(peer: str, threads: str, seconds: float) -> Measured:
    return Measured(peer, threads, seconds, seconds, seconds, 1.0, 1, "")


def test_a_failing_peer_is_omitted_with_a_note(suite):
    suite.engine = "warp"
    entry = compare(suite, SINE)
    assert {one["peer"] for one in entry["measured"]} == {"scikit-learn", "tutorial"}
    for one in entry["measured"]:
        assert 0 < one["seconds"] <= one["median"] and one["first"] > 0
        assert one["peak"] > 5  # MiB: even an interpreter needs them
    (line,) = suite.left_out
    assert line.startswith("barenet")
    assert "unknown 'warp'" in line


def test_a_missing_peer_is_omitted_with_a_note(suite, monkeypatch):
    missing = dataclasses.replace(PEERS["JAX"], library="no_such_library")
    monkeypatch.setattr("benchmarks.suite.PEERS", {"JAX": missing})
    suite.miss()
    assert suite.peers == []
    assert suite.left_out == [
        "no_such_library is not installed, so it is left out: pip install no_such_library"
    ]


def test_a_peer_that_dies_between_turns_is_omitted_with_a_note():
    request = {"work": SINE.to_dict(), "rows": None, "engine": "auto"}
    notes: list[str] = []
    with Child(PEERS["tutorial"], "one") as dying, Child(PEERS["tutorial"], "one") as living:
        contestants = warm_up([dying, living], request, 0.001, notes.append)
        dying._process.kill()
        measured = take_turns(contestants, 2, notes.append)
    assert len(contestants) == 2
    assert [one.peer for one in measured] == ["tutorial"]
    assert len(notes) == 1
    assert notes[0].startswith("tutorial on one thread is left out: it ended with status -9")


def test_no_accuracy_is_reported_without_mnist(suite, monkeypatch):
    monkeypatch.delenv("BARENET_DATA", raising=False)
    assert accuracy(suite, {}) == []
    assert "needs MNIST" in suite.left_out[0]


def test_the_better_number_of_threads_counts():
    turns = [measured("A", "one", 2.0), measured("B", "one", 1.5), measured("A", "all", 1.0)]
    best = fastest(turns)
    assert list(best) == ["A", "B"]
    assert best["A"].threads == "all"


def test_threads_are_set_in_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("BARENET_THREADS", "7")
    assert environment("one")["OMP_NUM_THREADS"] == "1"
    assert "OMP_NUM_THREADS" not in environment("all")
    assert "BARENET_THREADS" not in environment("all")


def test_threads_are_tried_where_they_can_matter(monkeypatch):
    monkeypatch.setattr("benchmarks.turns.n_cores", lambda: 2)
    tried = {
        work.name: [threads for _, threads in candidates([PEERS["scikit-learn"]], work)]
        for work in WORKS
    }
    both = ["one", "all"]
    assert tried == {"mnist-16": both, "mnist-256": both, "sine": ["one"], "one-row": ["one"]}
    assert [threads for _, threads in candidates([PEERS["barenet"]], SINE)] == ["all"]
