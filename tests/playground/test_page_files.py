from __future__ import annotations

import re

from barenet.playground._page_files import MEDIA_TYPES, page_files


def test_every_file_that_the_page_names_is_there():
    found = page_files()
    html = found[""][0].decode()
    named = re.findall(r'(?:src|href)="([^"#:]+)"', html)
    for name, (content, _) in found.items():
        if name.endswith(".js") and not name.startswith("vendor/"):
            named += [
                path.removeprefix("./") for path in re.findall(r'from "([^"]+)"', content.decode())
            ]
    assert len(named) > 20
    assert [name for name in named if name not in found] == []


def test_nothing_of_the_page_comes_from_elsewhere_or_is_code_in_its_text():
    for name, (content, kind) in page_files().items():
        text = content.decode()
        assert kind in MEDIA_TYPES.values()
        if name.startswith("vendor/"):
            continue
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), name
        assert "innerHTML" not in text and "insertAdjacentHTML" not in text, name
    html = page_files()[""][0].decode()
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", html)


def test_the_vendored_plot_keeps_its_license():
    from importlib.resources import files

    vendor = files("barenet.playground") / "page" / "vendor"
    assert "MIT" in (vendor / "uPlot.LICENSE").read_text("utf-8")
    assert "v1.6.32" in (vendor / "uPlot.esm.js").read_text("utf-8")[:400]
