"""The model of a step on workers: it finds the terms that times were made of."""

import pytest
from benchmarks.blocks import draw, fit, predicted, report

TERMS = [0.002, 0.001, 2e-8, 4e-8, 5e-9]


def measured():
    found = []
    for name, size in {"mnist-16": 1e4, "mnist-256": 2e5, "mnist-1024": 2e6}.items():
        for workers in (1, 2, 4):
            exchange = TERMS[0] + TERMS[1] * workers
            exchange += size * (TERMS[2] + TERMS[3] / workers + TERMS[4] * workers)
            one = {"network": name, "workers": workers, "parameters": size, "exchange": exchange}
            found.append({**one, "step": exchange + size * 1e-6 / workers})
    return found


def test_the_model_finds_the_terms_that_the_times_were_made_of():
    model = fit(measured())
    assert model == pytest.approx(TERMS)
    exchange = 200_000 * (2e-8 + 2e-8 + 1e-8)
    assert predicted(model, 0.2, 200_000, 2) == pytest.approx(0.1 + 0.004 + exchange)
    local = predicted(model, 0.2, 200_000, 2, local_steps=8)
    assert local == pytest.approx(0.1 + (0.004 + 3 * exchange) / 8)


def test_tables_and_picture(tmp_path):
    steps = [{"local_steps": 4, "batch_size": 4096, "exchanges": 15, "accuracy": 0.95, "loss": 0.2}]
    found = {"steps": measured(), "accuracy": steps, "date": "2026-11-22", "machine": "a machine"}
    text = report(found)
    assert "| mnist-16   |       2 |" in text and "95.00%" in text and "a machine" in text
    draw(found, tmp_path / "picture.svg")
    assert "<svg" in (tmp_path / "picture.svg").read_text("utf-8")
