from __future__ import annotations

from barenet.playground.trace import Measure, Trace, thin


def measure(epoch):
    return Measure(epoch, 1.0 / (epoch + 1), 0.0, 0.0, 0.0)


def test_it_does_not_grow():
    trace = Trace(most=100)
    for epoch in range(50_000):
        trace.add(measure(epoch))
    assert len(trace.kept) <= 101 and trace.newest.epoch == 49_999
    assert trace.kept[0].epoch == 0
    assert len({b.epoch - a.epoch for a, b in zip(trace.kept, trace.kept[1:], strict=False)}) == 1


def test_what_came_since_ends_with_the_newest():
    trace = Trace(most=4)
    for epoch in range(11):
        trace.add(measure(epoch))
    assert [row.epoch for row in trace.since(-1)][-1] == 10
    assert [row.epoch for row in trace.since(9)] == [10]
    assert trace.since(10) == []


def test_going_back_starts_another_version():
    trace, versions = Trace(), [Trace().version]
    for epoch in range(10):
        trace.add(measure(epoch))
    versions.append(trace.version)
    trace.cut(4)
    assert trace.newest.epoch == 4
    versions.append(trace.version)
    trace.cut(20)
    assert trace.version == versions[-1]
    trace.add(measure(3))
    assert [row.epoch for row in trace.kept] == [0, 1, 2, 3]
    versions.append(trace.version)
    assert len({*versions}) == 4, "another network's history is another one, too"


def test_thinning_keeps_the_last():
    rows = [measure(epoch) for epoch in range(101)]
    kept = thin(rows, 10)
    assert len(kept) <= 10 and kept[-1].epoch == 100
    assert thin(rows[:3], 10) == rows[:3]
