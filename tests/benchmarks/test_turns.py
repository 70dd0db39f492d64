"""Libraries in processes of their own: they take turns, and one that fails is left out."""

import dataclasses

import pytest
from benchmarks.child import Child, Crew, PeerError
from benchmarks.peers import PEERS
from benchmarks.suite import Suite
from benchmarks.threads import environment
from benchmarks.turns import (
    Contestant,
    Measured,
    Pace,
    candidates,
    compare,
    fastest,
    ratio,
    take_turns,
)
from benchmarks.works import WORKS

from benchmarks import accuracy

SINE = next(work for work in WORKS if work.name == "sine").but(n_rows=20)
PACE = Pace(rounds=2, turn=0.001)


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A suite with the libraries that every installation has."""
    names = ("barenet", "scikit-learn", "tutorial")
    peers = {name: dataclasses.replace(PEERS[name], threads=("one",)) for name in names}
    monkeypatch.setattr("benchmarks.suite.PEERS", peers)
    return Suite(folder=tmp_path)


def measured(peer: str, threads: str, seconds: float) -> Measured:
    return Measured(peer, threads, seconds, seconds, seconds, 1.0, 1, "")


@pytest.mark.integration
def test_a_failing_library_is_omitted_with_a_note(suite):
    suite.engine = "warp"
    entry = compare(suite, SINE, PACE)
    assert {one["peer"] for one in entry["measured"]} == {"scikit-learn", "tutorial"}
    for one in entry["measured"]:
        assert 0 < one["seconds"] <= one["median"] and one["first"] > 0
        assert one["peak"] > 5  # MiB: even an interpreter needs them
    (line,) = suite.left_out
    assert line.startswith("barenet")
    assert "unknown 'warp'" in line


def test_a_missing_library_is_omitted_with_a_note(suite, monkeypatch):
    missing = dataclasses.replace(PEERS["JAX"], library="no_such_library")
    monkeypatch.setattr("benchmarks.suite.PEERS", {"JAX": missing})
    suite.note_missing()
    assert suite.peers == []
    assert suite.left_out == [
        "no_such_library is not installed, so it is left out: pip install no_such_library"
    ]


def test_a_library_that_dies_is_omitted_and_started_again_for_the_next_work(suite):
    with Crew() as crew:
        children = [crew.child(PEERS["tutorial"], threads) for threads in ("one", "all")]
        contestants = [Contestant(child, PACE) for child in children]
        for contestant in contestants:
            contestant.warm_up({"work": SINE.to_dict(), "rows": None, "engine": "auto"})
        children[0]._process.kill()
        (alive,) = take_turns(suite, contestants, PACE)
        assert alive.threads == "all"
        (line,) = suite.left_out
        assert line.startswith("tutorial on one thread is left out: it ended with status -9")
        assert crew.child(PEERS["tutorial"], "one") is not children[0]
        assert crew.child(PEERS["tutorial"], "all") is children[1]


def test_a_library_that_takes_too_long_is_given_up():
    with Child(PEERS["tutorial"], "one") as child:
        child.ask("prepare", work=SINE.to_dict(), rows=None, engine="auto")
        with pytest.raises(PeerError, match="no answer in 0 s"):
            child.ask("turn", patience=0.05, times=10**9)


def test_libraries_far_behind_the_best_peer_take_no_more_turns(suite):
    """barenet always goes on, however much faster or slower it is."""

    class Turn(Contestant):
        def take_turn(self):
            self.turns.append(self.turns[-1])

        def measured(self):
            return len(self.turns)

    seconds = {"barenet": 9.0, "JAX": 1.0, "PyTorch": 1.25, "scikit-learn": 1.5}
    pace = Pace(rounds=2, near=1.3)

    def turns(pace):
        contestants = [
            Turn(type("Child", (), {"peer": PEERS[name]})(), pace, turns=[value])
            for name, value in seconds.items()
        ]
        return take_turns(suite, contestants, pace)

    assert turns(pace) == [3, 3, 3, 1]
    assert turns(dataclasses.replace(pace, slow=5.0)) == [1, 3, 3, 1]
    assert turns(Pace(rounds=2)) == [3, 3, 3, 3]


def test_no_accuracy_is_reported_without_mnist(suite, monkeypatch):
    monkeypatch.delenv("BARENET_DATA", raising=False)
    assert accuracy.measure(suite) == []
    assert "needs MNIST" in suite.left_out[0]


def test_the_better_number_of_threads_counts():
    turns = [measured("A", "one", 2.0), measured("B", "one", 1.5), measured("A", "all", 1.0)]
    best = fastest(turns)
    assert list(best) == ["A", "B"]
    assert best["A"].threads == "all"
    assert ratio({"barenet": 2.0, "JAX": 5.0, "PyTorch": 3.0}) == ("PyTorch", 1.5)
    assert ratio({"barenet": 2.0}) is ratio({"JAX": 5.0}) is None


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
    assert tried == dict.fromkeys(("mnist-16", "mnist-256", "deep"), both) | {
        name: ["one"] for name in ("sine", "one-row")
    }
    assert [threads for _, threads in candidates([PEERS["barenet"]], SINE)] == ["all"]
