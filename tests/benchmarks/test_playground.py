from benchmarks.playground import WATCHES, report
from benchmarks.processes import ROLES

WHERE = dict.fromkeys(("processor", "cores", "system", "python"), "")


def test_ratios_are_taken_within_a_round():
    """A machine that slows down while it is measured slows both."""
    idle = dict.fromkeys((*ROLES, "pictures"), 0.0)
    found = {
        who: [{**idle, "epochs": epochs * share, "trainer": 0.5} for epochs in (100, 200, 800)]
        for who, share in zip(WATCHES, (1.0, 0.9, 0.8), strict=True)
    }
    lines = report(found, WHERE, "", 0.1).splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[-3:]]
    assert [row[0] for row in cells] == list(WATCHES)
    assert [row[1:4] for row in cells] == [
        ["200", "100 %", "400"],
        ["180", "90 %", "360"],
        ["160", "80 %", "320"],
    ]
