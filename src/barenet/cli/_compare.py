"""``barenet compare``: compare the inputs and the answers of two models before a switch."""

from dataclasses import asdict
from pathlib import Path

from barenet import Predictor, load
from barenet._messages import count_of
from barenet.cli._console import emit, emit_json, emit_table
from barenet.cli._flags import Off
from barenet.errors import BarenetError
from barenet.files._model_path import model_file
from barenet.service._model_comparison import compare_models


def compare(old: Path, new: Path, /, *, json: Off = False) -> None:
    """Compare the inputs and answers of two models, before the new one replaces the old one.

    The output lists columns that are added, removed or of another kind, categories that are lost or
    gained, and changes of the target, its classes, probabilities, intervals and reasons. The exit
    status is 1 if clients of the old model break: the new one refuses records that the old one
    takes, or its answers lack a part, or have another type or class. barenet serve refuses to load
    such a model in place of the old one. The scores of the two are compared by barenet evaluate, on
    the same rows.

    Parameters
    ----------
    old : Path
        The model file in use, or the folder of its run.
    new : Path
        The model file that replaces it, or the folder of its run.
    json : bool
        Print JSON, for programs.
    """
    old_path = model_file(old)
    new_path = model_file(new)
    differences = compare_models(load(old_path, Predictor), load(new_path, Predictor))
    breaking = [difference for difference in differences if difference.breaks]
    if json:
        document = {
            "old": str(old_path),
            "new": str(new_path),
            "breaks": bool(breaking),
            "differences": [asdict(difference) for difference in differences],
        }
        emit_json(document)
    elif not differences:
        emit("the same inputs and answers")
    else:
        lines = []
        for difference in differences:
            effect = "breaks clients" if difference.breaks else ""
            subject = f"column {difference.column}" if difference.column else difference.part
            lines.append([subject, difference.change, effect])
        emit_table(["", "change", ""], lines)
    if breaking:
        n_breaking = count_of(len(breaking), "difference")
        listed = "; ".join(str(difference) for difference in breaking)
        raise BarenetError(f"clients of {old_path} break by {n_breaking}: {listed}")
