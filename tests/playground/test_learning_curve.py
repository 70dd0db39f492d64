import itertools

from barenet.playground import _timeline as module
from barenet.playground._timeline import EpochMetrics, LearningCurve, thin


def evaluate(epoch):
    return EpochMetrics(epoch, 1.0 / (epoch + 1), 0.0, 0.0, 0.0)


def test_the_learning_curve_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MAX_POINTS", 100)
    curve = LearningCurve()
    for epoch in range(50_000):
        curve.add(evaluate(epoch))
    assert len(curve.rows) <= 101 and curve.newest.epoch == 49_999
    assert curve.rows[0].epoch == 0
    assert len({b.epoch - a.epoch for a, b in itertools.pairwise(curve.rows[:-1])}) == 1


def test_the_newest_point_is_kept(monkeypatch):
    monkeypatch.setattr(module, "MAX_POINTS", 4)
    curve = LearningCurve()
    for epoch in range(11):
        curve.add(evaluate(epoch))
    assert curve.newest.epoch == 10 and len(curve.rows) <= 5


def test_returning_starts_a_new_version():
    curve, versions = LearningCurve(), [LearningCurve().version]
    for epoch in range(10):
        curve.add(evaluate(epoch))
    versions.append(curve.version)
    curve.cut(4)
    assert curve.newest.epoch == 4
    versions.append(curve.version)
    curve.add(evaluate(3))
    assert [row.epoch for row in curve.rows] == [0, 1, 2, 3]
    versions.append(curve.version)
    assert len({*versions}) == 4, "another network's history is another one, too"


def test_thinning_keeps_the_last():
    rows = [evaluate(epoch) for epoch in range(101)]
    kept = thin(rows, 10)
    assert len(kept) <= 10 and kept[-1].epoch == 100
    assert thin(rows[:3], 10) == rows[:3]
