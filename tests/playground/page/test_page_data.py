"""Data sets, tables and models on the page."""

import re

import pytest

from barenet import Network, load
from barenet.cli._main import main

pytestmark = pytest.mark.integration


@pytest.mark.pyodide
def test_every_data_set_can_be_chosen(tab):
    page = tab()
    for name in ("spirals", "drawn_digits", "plane", "sine"):
        page.use(name)
        page.step(1)
        assert page.value("barenet.points.values.length") > 50
        matrix = page.find(".confused")
        assert matrix.is_visible() == (name not in ("plane", "sine"))
        if name == "drawn_digits":
            page.open_neuron(1)
            words = page.text("#neuron .slice")
            assert words == "The plane of the first two principal components"
            page.close_neuron()
    page.labelled("Other data sets").select_option("iris")
    page.until("data.name === 'iris'")


def test_a_data_set_has_default_settings_and_yours_stay(tab):
    page = tab()
    page.click("[data-name=xor]")
    page.until("settings.hidden.join() === '8' && settings.activations.join() === 'relu'")
    assert page.find("#suited").is_visible()
    page.choose("learning_rate", "0.03")
    assert "Changed by you: learning rate." in page.text("#changed")
    page.click("[data-name=spirals]")
    page.until("settings.hidden.join() === '10,8'")
    assert page.value("[settings.learning_rate, barenet.state.pace]") == [0.03, 100]
    page.press("Use the settings that suit these data")
    page.until("settings.learning_rate === 0.01 && location.hash === '#data=spirals'")
    assert page.find("#changed").is_hidden()
    page.value("location.hash = '#data=sine&noise=0.3&features=x1~x2~x1^2&net.loss=huber'")
    page.until("data.name === 'sine'")
    page.use("circles")
    data, settings = page.value("[barenet.state.data, settings]")
    assert data["features"] == ["x1", "x2", "x1^2"]
    assert (data["noise"], settings["loss"]) == (-1, ""), "Huber is of numbers"
    page.labelled("Other data sets").select_option("iris")
    page.check("#all-columns")
    page.until("data.n_inputs === 4")
    page.click("[data-name=xor]")
    page.until("data.name === 'xor' && data.inputs.join() === 'x1,x2'")


def test_noise_points_and_test_fraction(tab):
    page = tab()
    page.find("#noise").fill("0.2")
    page.until("barenet.state.data.noise === 0.2")
    page.find("#samples").fill("100")
    page.until("data.rows[0] + data.rows[1] === 100")
    page.find("#test-share").fill("20")
    page.until("data.rows.join() === '80,20'")
    place = page.value("barenet.points.positions[0]")
    page.click("#regenerate")
    page.until("barenet.state.data.data_seed === 1")
    page.until(f"barenet.points.positions[0] !== {place!r}")
    page.rest()
    frame = page.value("""(() => {
      const { output, data } = panels[0];
      output.describe({ ...data, classes: ["a", "b", "c"] });
      output.hover(null);
      const { frame } = output;
      output.describe(data);
      return frame;
    })()""")
    assert frame is None, "it is of other data"


def test_digits_show_all_outputs_and_the_varying_pixels(tab):
    page = tab("#data=digits")
    assert page.find(".answer").all_inner_texts() == list("0123456789")
    places = page.find(".input-image .pixel-place")
    names = places.evaluate_all("(places) => places.map((place) => place.title)")
    pixels = [divmod(pixel, 8) for pixel in page.value("data.drawn_inputs")]
    assert names == [f"row {row + 1}, column {column + 1}" for row, column in pixels]
    assert len(names) == 8 and "64 pixels" in page.text(".inputs .rest")
    link = page.value("panels[0].network.links.links[0].row")
    page.value(f"panels[0].network.acts.open(0, 0, {link})")
    page.until("barenet.neuron.isOpen && barenet.neuron.answer")
    rows = page.find("#neuron .weights th").all_inner_texts()
    assert len(rows) == 65 and not [row for row in rows if "input" in row]
    assert page.value("document.activeElement.ariaLabel") == f"Weight of {names[0]}"
    assert page.text("#neuron .sum").count("·") == 8
    assert all(name in page.text("#neuron .sum") for name in names)


def test_a_slice_is_labelled_and_its_fixed_inputs_are_pale(tab):
    page = tab("#data=iris&features=all")
    words = "A slice: sepal length and sepal width are fixed at their median"
    assert page.text(".output .slice") == words
    page.open_neuron(1)
    assert page.text("#neuron .slice") == words
    page.close_neuron()
    strongest = page.value(
        "[0, 1, 2, 3].map((input) => Math.max(..."
        "barenet.points.inputs.subarray(576 * input, 576 * (input + 1)).map(Math.abs)))"
    )
    assert min(strongest[:2]) > 100 and max(strongest[2:]) < 64, "those of the map come first"
    page = tab("#data=iris")
    assert not page.find(".output .slice").is_visible(), "the network sees no other column"
    names = page.find(".inputs .feature-name").all_inner_texts()
    assert names[:3] == ["petal length", "petal width", "petal length²"]
    page.open_neuron(1)
    assert "· petal length" in page.text("#neuron .sum")


def test_a_table_can_be_opened(tab, tmp_path):
    path = tmp_path / "my <b>flowers.csv"
    numbers = [(i % 3 + i / 97, (i % 3) ** 2 - i / 89) for i in range(90)]
    rows = [f"n{i},{a:.3f},{b:.3f},{7 * i % 60},{'abc'[i % 3]}" for i, (a, b) in enumerate(numbers)]
    path.write_text("\n".join(["name,height,width,weight,kind", *rows]) + "\n")
    page = tab()
    page.click("#own summary")
    page.upload("#csv", str(path))
    page.until("data.classes?.length === 3")
    assert page.value("data.axes") == ["height", "width"]
    assert page.find("#described").inner_text().startswith("my <b>flowers.csv:")
    page.open_neuron(1)
    assert page.find("#neuron .axis").all_inner_texts() == ["height", "width"]
    text = page.text("#neuron")
    assert "· height" in text and "weight of width" in text and "x₁" not in text
    page.close_neuron()
    assert "width²" in page.find(".feature-name").all_inner_texts()
    page.select("#axis-y", "weight")
    page.until("data.axes[1] === 'weight'")
    page.select("#target", "height")
    page.until("data.task === 'regression'")
    page.check("#all-columns")
    page.until("data.inputs.join() === 'width,weight,kind=a,kind=b,kind=c'")
    page.step(1)


def test_an_unreadable_table_is_reported(tab, tmp_path):
    path = tmp_path / "bad.csv"
    page = tab()
    for content, words in (
        (b"a,b\n1,2\n3\n", "bad.csv:3: expected 2 values"),
        (b"a,b\n1,\xff\x00\n", "save it as UTF-8"),
        (b"a,b\n", "no rows, only names of columns"),
        (b"a" * (20 * 2**20 + 1), "larger than 20 MiB"),
    ):
        path.write_bytes(content)
        page.upload("#csv", str(path))
        page.until_text("#notice", f"{words}")
        assert page.value("data.name") == "circles", "what was there stays"
    page.faults.clear()  # the browser reports the status, too


def test_a_long_table_with_line_breaks_text_and_missing_values(tab, tmp_path):
    path = tmp_path / "long.csv"
    rows = (f'{7 * n % 5_000},{n % 17 or ""},"two\nlines",{"ab"[n % 2]}\n' for n in range(6_000))
    path.write_text("first,second,text,kind\n" + "".join(rows))
    page = tab()
    page.upload("#csv", str(path))
    page.until("data.table")
    described = page.text("#described")
    assert "5,000 of 6,000 rows, 4 columns" in described
    assert page.value("data.inputs") == ["first", "second", "second missing"]
    assert page.value("data.features") == ["x1", "x2", "second missing"]
    names = page.find(".inputs .feature-name:not(.off-name)").all_inner_texts()
    assert names == ["first", "second", "second missing"]
    page.open_neuron(1)
    assert page.find("#neuron .weights th").all_inner_texts()[2] == "weight of second missing"
    page.close_neuron()
    page.step(1)
    page.click("[data-action=export]")
    model = page.download(tmp_path)
    page.click("#export .close")
    page.upload("#model-file", str(model))
    page.until("data.rows.join() === '4000,1000'")
    page.click("#step")
    page.until("header.epoch === 1 && header.newest")


@pytest.mark.pyodide
def test_a_model_can_be_opened(tab, tmp_path, saved):
    page = tab()
    path = tmp_path / "mine.safetensors"
    train = ["train", "moons", "--epochs", "2", "--no-plots", "--out", str(tmp_path / "run")]
    assert main(train) == 0
    (tmp_path / "run" / "model.safetensors").rename(path)
    page.click("#opened summary")
    page.upload("#model-file", str(path))
    page.until("data.name === 'moons' && panels[0].frame")
    expected = load(path).network.parameters
    page.until("settings.hidden.join() === '1'")
    assert page.parameters() == pytest.approx(expected.tolist(), rel=1e-6)
    assert "The settings of its training are not in the file" in page.text("#described")
    page.step(1)
    page.click("#reset")
    page.until("header.epoch === 0")
    assert page.parameters() == pytest.approx(expected.tolist(), rel=1e-6)
    path.write_bytes(b"no model")
    page.upload("#model-file", str(path))
    page.until_text("#notice", "the model")
    page.faults.clear()  # the browser reports the status, too
    path = saved(Network.dense([2, 1]), feature_names=("height", "x2^2"))
    page.upload("#model-file", str(path))
    page.until_text("#notice", "rows.csv, which are not here; open the table")
    page.faults.clear()


def test_a_table_model_opens_with_its_table(tab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = (f"{n % 7},{n % 5},{'rgb'[n % 3]},{n % 2},{'xyz'[n % 3]}\n" for n in range(120))
    (tmp_path / "mine.csv").write_text("a,b,colour,c,kind\n" + "".join(rows))
    text = ["--epochs", "2", "--no-plots", "--no-baselines", "--layers", "6", "4", "3"]
    assert main(["train", "mine.csv", "--target", "kind", "--out", "run", *text]) == 0
    page = tab()
    page.upload("#csv", "mine.csv")
    page.until("data.name === 'mine.csv' && panels[0].frame")
    page.upload("#model-file", "run/model.safetensors")
    page.until("state.data.source.startsWith('model:') && data.rows.join() === '96,24'")
    page.rest()
    assert page.value("data.inputs") == ["a", "b", "colour=b", "colour=g", "colour=r", "c"]
    page.find(".map").hover(position={"x": 100, "y": 100})
    assert re.search(r": [xyz], \d+ %", page.text(".output .value"))
    page.open_neuron(1)
    assert "Inputs are as the model scales them." in page.text("#neuron .likeness .hint")
    assert "colour and c are fixed at their median" in page.text("#neuron .slice")
    page.close_neuron()
    page.select("#axis-y", "c")
    page.until("data.axes[1] === 'c'")
    expected = load("run/model.safetensors").network.parameters
    assert page.parameters() == pytest.approx(expected.tolist(), rel=1e-6)
    page.step(1)
