import pytest

from barenet.playground._file_store import FileStore


@pytest.fixture
def store():
    return FileStore()


@pytest.mark.parametrize(
    ("name", "source"), [("", "circles"), ("moons", "moons"), ("hills", "hills")]
)
def test_the_store_starts_with_a_named_data_set(store, name, source):
    assert store.initial_state(name).data.source == source


def test_the_store_starts_with_a_table(store, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,b,c\n" + "".join(f"{n},{n % 5},{n % 2}\n" for n in range(20)))
    data = store.initial_state(str(path), "b").data
    assert data.source.startswith("table:") and data.target == "b"
    with pytest.raises(ValueError, match=r"mine\.csv: no column d"):
        store.initial_state(str(path), "d")
    with pytest.raises(ValueError, match="no such file"):
        store.initial_state("nowhere.csv")


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [(("moon",), "data"), (("moons", "y"), "target"), (("moons", "", True), "header")],
)
def test_wrong_arguments_are_named(store, arguments, argument, refused):
    with refused(argument):
        store.initial_state(*arguments)
