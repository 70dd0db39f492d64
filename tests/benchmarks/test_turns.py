"""Libraries in processes of their own: they take turns, and one that fails is left out."""

import dataclasses

import pytest
from benchmarks.child import Crew
from benchmarks.peers import PEERS
from benchmarks.suite import Suite
from benchmarks.turns import (
    Contestant,
    Pace,
    compare,
    take_turns,
)
from benchmarks.works import WORKS

SINE = next(work for work in WORKS if work.name == "sine").but(n_rows=20)
PACE = Pace(rounds=2, turn=0.001)


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A suite with the libraries that every installation has."""
    names = ("barenet", "scikit-learn", "tutorial")
    peers = {name: dataclasses.replace(PEERS[name], threads=("one",)) for name in names}
    monkeypatch.setattr("benchmarks.suite.PEERS", peers)
    return Suite(folder=tmp_path)


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
