"""The playground as a folder of static files."""

from tools import static_site


def test_files_of_the_runtime_that_a_folder_lacks_are_downloaded(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("one.js", "two.js", "numpy.whl"):
        (elsewhere / name).write_text(f"{name} from elsewhere")
    runtime = {
        "address": f"{elsewhere.as_uri()}/",
        "files": {"one.js": {}, "two.js": {}},
        "numpy": {"address": f"{elsewhere.as_uri()}/numpy.whl"},
    }
    monkeypatch.setattr(static_site, "RUNTIME", runtime)
    folder = tmp_path / "runtime"
    folder.mkdir()
    (folder / "one.js").write_text("kept")
    static_site._download_runtime(folder)
    assert (folder / "one.js").read_text() == "kept"
    assert (folder / "two.js").read_text() == "two.js from elsewhere"
    assert (folder / "numpy.whl").read_text() == "numpy.whl from elsewhere"
