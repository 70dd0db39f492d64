"""The accuracy of the README's first model beside that of models of scikit-learn.

All have their default settings and the same five folds of scikit-learn's table of 569 tumours.
"""

import warnings

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from barenet import MLPEnsembleClassifier
from benchmarks.markdown import table

MODELS = {
    "barenet's `MLPEnsembleClassifier`": MLPEnsembleClassifier(random_state=0),
    "scikit-learn's `LogisticRegression`, scaled inputs": make_pipeline(
        StandardScaler(), LogisticRegression()
    ),
    "scikit-learn's `MLPClassifier`, scaled inputs": make_pipeline(
        StandardScaler(), MLPClassifier(random_state=0)
    ),
    "scikit-learn's `HistGradientBoostingClassifier`": HistGradientBoostingClassifier(
        random_state=0
    ),
    "scikit-learn's `MLPClassifier`": MLPClassifier(random_state=0),
}


def main() -> None:
    """Print the table."""
    X, y = load_breast_cancer(return_X_y=True)
    rows = []
    for name, model in MODELS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # of the defaults
            accuracy = cross_val_score(model, X, y).mean()
        rows.append([name, f"{accuracy:.3f}"])
    print(table(["the same five folds, default settings", "accuracy"], rows))


if __name__ == "__main__":
    main()
