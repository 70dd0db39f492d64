from benchmarks.playground import WATCHES, report
from benchmarks.processes import ROLES

WHERE = dict.fromkeys(("processor", "cores", "system", "python"), "")


def test_shares_are_those_of_the_medians_beside_them():
    """A reader who divides the numbers of the table finds its percentages."""
    idle = dict.fromkeys((*ROLES, "pictures"), 0.0)
    epochs = {"nobody": (100, 200, 800), "a bare client": (90, 300, 400), "a page": (20, 160, 900)}
    found = {
        who: [{**idle, "epochs": count, "trainer": 0.5} for count in epochs[who]] for who in WATCHES
    }
    lines = report(found, WHERE, "", 0.1).splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[-3:]]
    assert [row[0] for row in cells] == list(WATCHES)
    assert [row[1:4] for row in cells] == [
        ["200", "100 %", "400"],
        ["300", "150 %", "600"],
        ["160", "80 %", "320"],
    ]
