from barenet.data import DATASETS, load_dataset


def test_every_named_set_has_a_row(barenet):
    done = barenet("datasets")
    assert (done.status, done.err) == (0, "")
    header, *rows = done.out.splitlines()
    assert header.split() == ["name", "task", "rows", "×", "features", "description"]
    assert [row.split()[0] for row in rows] == list(DATASETS)


def test_json_tells_the_settings_too(barenet):
    entries = {entry["name"]: entry for entry in barenet("datasets", "--json").json}
    assert list(entries) == list(DATASETS)
    wine = load_dataset("wine")
    assert entries["wine"]["rows"] == wine.n_samples == 178
    assert entries["wine"]["features"] == wine.n_features == 13
    assert entries["mnist"]["rows"] == 70_000 and entries["mnist"]["features"] == 784
    assert entries["moons"]["settings"]["learning_rate"] == 0.01
    assert entries["diabetes"]["task"] == "regression"
