"""The house rules that no linter checks: names of modules are unique, and they have docstrings."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
#: Names of modules that mirror one of another room on purpose.
MIRRORED = {"_activations", "_dense", "_dropout", "_train"}
DOCSTRING = ('"""', 'r"""')


def test_a_module_name_is_unique_except_for_mirrors():
    rooms: dict[str, set[Path]] = {}
    for path in SOURCES:
        rooms.setdefault(path.stem, set()).add(path.parent)
    shared = {name for name, places in rooms.items() if len(places) > 1}
    assert shared - {"__init__", "__main__"} <= MIRRORED


def test_every_module_has_a_docstring():
    assert [path for path in SOURCES if not path.read_text("utf-8").startswith(DOCSTRING)] == []
