import pytest
from benchmarks.hour import ROOM, grown, main

WHERE = dict.fromkeys(("processor", "cores", "system", "python"), "")


def samples(**last_third):
    """An hour in which all stays as it is, but for the last third."""
    steady = dict.fromkeys(ROOM, 300.0)
    hour = [{"minute": minute, "epoch": 9, "pictures": 9, **steady} for minute in range(1, 61)]
    for one in hour[40:]:
        one.update(last_third)
    return hour


@pytest.mark.parametrize("name", ROOM)
def test_growing_figures_are_named(name, tmp_path):
    assert grown(samples(**{name: 300 + ROOM[name]})) == []
    more = samples(**{name: 301 + ROOM[name]})
    assert [line.partition(":")[0] for line in grown(more)] == [name]
    assert main(["--output", str(tmp_path)], lambda minutes, every: iter(more)) == 1
