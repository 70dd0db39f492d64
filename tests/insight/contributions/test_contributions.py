"""The result of `contributions`: its texts, and its conversions to pandas and shap."""

import numpy as np
import pandas
import pytest

from barenet import Network, contributions

X = np.random.default_rng(0).normal(size=(12, 3))


def result_of(n_outputs=1, output="identity", n_rows=12, **options):
    network = Network.dense([3, 4, n_outputs], output=output, seed=1)
    return contributions(network, X[:n_rows], X, **options)


def test_a_notebook_shows_one_row_or_the_mean_sizes():
    one = result_of(n_rows=1)._repr_html_()
    many = result_of()._repr_html_()
    assert '<th class="number">contribution</th>' in one
    assert f"{X[0, 0]:.6g}" in one
    assert "mean size in 12 rows" in many
    assert many.count("<tr><td>x") == 3


def test_values_of_a_table_are_written_shortly(towns):
    predictor, frame = towns
    rows = frame[:12]
    result = contributions(predictor, rows, frame)
    texts = [result.value_text(0, name) for name in result.names]
    assert texts[0] == frame["town"][0]
    assert texts[1] == "missing"
    assert texts[2] == f"{frame['rooms'][0]:.6g}"
    assert texts[3] in ("yes", "no")
    assert texts[4].startswith(str(frame["built"][0])[:10])
    assert result.describe_output(1) == "the probability of far = yes"
    assert "far = yes" in result._repr_html_()


def test_outputs_are_chosen_by_name_or_number():
    classes = result_of(3, "softmax")
    assert classes.output_index("1") == classes.output_index(1) == 1
    assert result_of(1, "sigmoid").output_index() == 1
    assert result_of(1).output_index() == 0
    assert result_of(2).output_names == ("y 1", "y 2")
    for result in (classes, result_of(2)):
        with pytest.raises(ValueError, match=r"^output: there are several: .*; choose one"):
            result.output_index()
    with pytest.raises(ValueError, match=r"^output: .*'7'"):
        classes.output_index("7")
    for number in (3, -1, True, 0.5):
        with pytest.raises(
            ValueError, match=r"^output: expected the name of an output, or a number"
        ):
            classes.output_index(number)


def test_a_data_frame_has_the_columns():
    result = result_of(3, "softmax")
    frame = result.to_pandas("2")
    assert list(frame.columns) == ["x0", "x1", "x2"]
    np.testing.assert_array_equal(frame.to_numpy(), result.values[..., 2])


def test_a_data_frame_keeps_the_index_of_the_rows():
    network = Network.dense([3, 1])
    rows = pandas.DataFrame(np.arange(12.0).reshape(4, 3), index=[7, 5, 3, 1])
    assert contributions(network, rows[1:3], rows).to_pandas().index.tolist() == [5, 3]
    assert contributions(network, rows.to_numpy()).to_pandas().index.tolist() == [0, 1, 2, 3]


@pytest.mark.integration
def test_shap_draws_the_explanation(shap):
    result = result_of(1, "sigmoid", groups={"both": ["x0", "x1"]})
    explanation = result.to_shap()
    assert isinstance(explanation, shap.Explanation)
    assert explanation.feature_names == ["both", "x2"]
    totals = explanation.base_values + explanation.values.sum(axis=1)
    np.testing.assert_allclose(totals, result.predictions[:, 1], atol=1e-9)
    np.testing.assert_array_equal(explanation.data[:, 1], X[:, 2])


@pytest.mark.integration
@pytest.mark.usefixtures("shap")
def test_shap_chooses_one_of_several_classes():
    result = result_of(3, "softmax")
    explanation = result.to_shap()
    assert explanation.shape == result.values.shape
    of_class = explanation[:, :, "2"]
    alone = result.to_shap("2")
    np.testing.assert_array_equal(of_class.values, alone.values)
    np.testing.assert_array_equal(of_class.base_values, alone.base_values)
    np.testing.assert_array_equal(of_class.values, result.values[..., 2])
    assert (of_class.output_names, of_class.feature_names) == ("2", ["x0", "x1", "x2"])


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["beeswarm", "violin"])
def test_shap_draws_numbers(shap, kind):
    from matplotlib import pyplot

    explanation = result_of(1, "sigmoid").to_shap()
    assert explanation.data.dtype == np.float64
    getattr(shap.plots, kind)(explanation, show=False)
    pyplot.close("all")


def test_without_shap_an_error_has_the_remedy(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "shap", None)
    with pytest.raises(ImportError, match="pip install shap"):
        result_of().to_shap()
