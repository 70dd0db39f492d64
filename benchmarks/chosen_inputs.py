"""R² on generated tables, with and without the inputs that ensembles choose.

    .venv/bin/python -m benchmarks.chosen_inputs

The tables have rush hours on weekdays, effects of 500 days and of 136 houses, 101 columns of noise,
numbers of clusters that repeat what other columns determine, matches of teams whose strength
differs by season, and tips that are 0 if the fare is paid in cash. Inputs are chosen by regression,
and all but the slopes of tips are confirmed by networks.
"""

from collections.abc import Callable, Sequence
from unittest.mock import patch

import numpy as np
import pandas as pd

from barenet import MLPEnsembleRegressor
from barenet.inputs._chosen_inputs import ChosenInputs
from barenet.population._prepared_training import TrainingTable
from barenet.tables.encoding._encoding import TableEncoding

#: The module that calls the functions that choose.
TRAINING = "barenet.population._prepared_training"

Table = tuple[pd.DataFrame, np.ndarray]


def rides(rng: np.random.Generator) -> Table:
    """6,000 minutes of two years; the target is higher in the rush hours of weekdays."""
    minutes = rng.integers(0, 2 * 365 * 1440, 6_000)
    time = pd.Timestamp("2022-01-01") + pd.to_timedelta(minutes, unit="min")
    is_weekday = time.day_of_week < 5
    is_morning = (time.hour >= 7) & (time.hour < 9) & is_weekday
    is_evening = (time.hour >= 16) & (time.hour < 19) & is_weekday
    season = np.sin(2 * np.pi * time.day_of_year / 365)
    y = 2 * is_morning + 1.5 * is_evening + 0.5 * season + 0.3 * rng.normal(size=len(time))
    return pd.DataFrame({"time": time}), np.asarray(y)


def sales(rng: np.random.Generator) -> Table:
    """4,000 sales of 20 stores on 500 days, with an effect of each of them, and a season."""
    day = rng.integers(0, 500, 4_000)
    store = rng.integers(0, 20, 4_000)
    of_stores = rng.normal(size=20)[store]
    of_days = 0.7 * rng.normal(size=500)[day]
    season = np.sin(2 * np.pi * day / 365)
    y = of_stores + of_days + season + 0.5 * rng.normal(size=4_000)
    date = pd.Timestamp("2022-01-01") + pd.to_timedelta(day, unit="D")
    table = pd.DataFrame({"date": date, "store": store})
    return table.assign(store=table["store"].map("store {}".format)), y


def houses(rng: np.random.Generator) -> Table:
    """6,000 rows of 136 houses, each with an effect of its own, and three numbers."""
    house = rng.integers(1, 137, 6_000)
    effects = 1.2 * rng.normal(size=137)
    table = pd.DataFrame(rng.normal(size=(6_000, 3)), columns=["a", "b", "c"])
    y = effects[house] + table["a"] + 0.5 * table["b"] * table["c"] + rng.normal(size=6_000)
    return table.assign(house=house), y.to_numpy()


def noise(rng: np.random.Generator) -> Table:
    """1,500 rows of 105 columns, of which four matter."""
    X = rng.normal(size=(1_500, 105))
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + X[:, 3] + 0.7 * rng.normal(size=1_500)
    return pd.DataFrame(X).rename(columns="x{}".format), y


def clusters(rng: np.random.Generator) -> Table:
    """4,300 rows of 1,500 clusters, whose numbers repeat what three columns determine."""
    cluster = rng.integers(0, 1_500, 4_300)
    X = rng.uniform(-2, 2, size=(1_500, 3))[cluster]
    y = np.sin(2 * X[:, 0]) * X[:, 1] + 0.5 * X[:, 2] ** 2 + 0.5 * rng.normal(size=4_300)
    numbers = rng.permutation(20_000)[:1_500]
    return pd.DataFrame(X).rename(columns="x{}".format).assign(cluster=numbers[cluster]), y


def matches(rng: np.random.Generator) -> Table:
    """3,000 matches of 20 teams, whose strength is another one in each of 10 seasons."""
    n_matches = 3_000
    n_teams = 20
    n_seasons = 10
    strength = rng.normal(size=(n_teams, n_seasons)) + 0.3 * rng.normal(size=(n_teams, 1))
    home = rng.integers(0, n_teams, n_matches)
    guest = (home + rng.integers(1, n_teams, n_matches)) % n_teams
    season = rng.integers(0, n_seasons, n_matches)
    y = strength[home, season] - strength[guest, season] + 0.3 + 0.7 * rng.normal(size=n_matches)
    table = pd.DataFrame({"home": home, "guest": guest}).map("team {}".format)
    return table.assign(season=2001 + season), y


def tips(rng: np.random.Generator) -> Table:
    """1,500 fares, of which 20 % are added as a tip, unless the fare is paid in cash."""
    distance = rng.lognormal(0.6, 0.8, 1_500)
    fare = 2.5 + 2.2 * distance + rng.exponential(1.5, 1_500)
    payment = rng.choice(["cash", "card"], 1_500, p=[0.3, 0.7])
    y = np.where(payment == "card", 0.2 * fare + 0.5 * rng.normal(size=1_500), 0.0)
    zone = rng.choice([f"zone {number}" for number in range(40)], 1_500)
    hour = rng.integers(0, 24, 1_500)
    columns = {"distance": distance, "fare": fare, "payment": payment, "zone": zone, "hour": hour}
    return pd.DataFrame(columns), y


TABLES: dict[str, Callable[[np.random.Generator], Table]] = {
    "rides": rides,
    "sales": sales,
    "houses": houses,
    "noise": noise,
    "clusters": clusters,
    "matches": matches,
    "tips": tips,
}


def score(X: pd.DataFrame, y: np.ndarray, seed: int) -> float:
    """Train on three quarters of the rows, and compute R² on the others."""
    order = np.random.default_rng(seed).permutation(len(y))
    training, test = np.split(order, [3 * len(y) // 4])
    model = MLPEnsembleRegressor(random_state=seed).fit(X.iloc[training], y[training])
    return model.score(X.iloc[test], y[test])


def no_inputs(*arguments: object, **options: object) -> ChosenInputs:
    """Choose nothing."""
    return ChosenInputs({}, {}, {}, {})


def unconfirmed(
    table: TrainingTable, chosen: ChosenInputs, *arguments: object, **options: object
) -> ChosenInputs:
    """Keep what the regression chooses."""
    return chosen


def equal_factors(
    encoding: TableEncoding,
    X: object,
    y: object,
    weight: object,
    left_out: Sequence[object],
    *arguments: object,
    **options: object,
) -> np.ndarray:
    """Give all columns the factor 1."""
    return np.ones((len(left_out), encoding.n_inputs), np.float32)


def main() -> None:
    """Print the mean R² of three splits of each table."""
    print("table      without  by regression  confirmed")
    for name, make in TABLES.items():
        X, y = make(np.random.default_rng(0))
        with (
            patch(f"{TRAINING}.choose_inputs", no_inputs),
            patch(f"{TRAINING}.relevance_factors", equal_factors),
        ):
            plain = mean_score(X, y)
        with patch.object(TrainingTable, "confirm", unconfirmed):
            by_regression = mean_score(X, y)
        confirmed = mean_score(X, y)
        print(f"{name:9} {plain:8.2f}  {by_regression:13.2f}  {confirmed:9.2f}", flush=True)


def mean_score(X: pd.DataFrame, y: np.ndarray) -> float:
    """Compute the mean R² of three splits."""
    return float(np.mean([score(X, y, seed) for seed in range(3)]))


if __name__ == "__main__":
    main()
