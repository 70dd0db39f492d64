"""Goals for the speed of barenet, by the names of the parts' figures."""

__all__ = ["AT_LEAST", "AT_MOST", "shortfalls"]

#: Ratios: the time of a library over barenet's, or of one worker over that of two.
AT_LEAST = {
    "map, sgd, smallest": 1.1,
    "map, adam, smallest": 1.1,
    "map, predict, smallest": 3.0,
    "map, fit, smallest": 5.0,
    "map, median": 2.5,
    "population, digits, scikit-learn": 40.0,
    "population, digits, JAX": 7.0,
    "fit, 50 rows": 5.0,
    "fit, 200 rows": 5.0,
    "fit, 1,000 rows": 5.0,
    "fit, 5,000 rows": 5.0,
    "fit, 10,000 rows": 5.0,
    "partial_fit, 100 rows": 2.0,
    "warm_start by one epoch, 1,000 rows": 2.0,
    "BaggingClassifier of 50 networks, 500 rows": 8.0,
    "fit of sparse rows": 2.0,
    "predict of sparse rows": 2.0,
    "epochs, mnist-16, JAX": 4.0,
    "epochs, mnist-16, PyTorch": 9.0,
    "epochs, mnist-16, scikit-learn": 9.0,
    "epochs, mnist-256, JAX": 1.5,
    "epochs, mnist-256, PyTorch": 3.0,
    "epochs, mnist-256, scikit-learn": 4.0,
    "epochs, sine, JAX": 6.0,
    "epochs, sine, tutorial": 100.0,
    "epochs, sine, PyTorch": 600.0,
    "epochs, one-row, scikit-learn": 20.0,
    "cluster, 2 workers": 1.8,
    "cluster, step": 1.7,
    "stream, 20 columns": 0.8,
    "stream, 784 columns": 0.8,
}

#: Seconds of barenet, or its part of another figure.
AT_MOST = {
    "population, digits, seconds": 0.35,
    "fit of sparse rows, memory": 1.2,
    "predict of sparse rows, memory": 1.2,
    "start, import": 0.10,
    "start, first fit ever": 10.0,
    "start, first fit in a process": 0.35,
    "command, baseline / training": 0.25,
}


def shortfalls(figures: dict[str, float]) -> list[str]:
    """List the goals that figures miss, and those without a figure.

    Parameters
    ----------
    figures : dict of str to float
        The figures of all parts.

    Returns
    -------
    list of str
        A line for each.
    """
    found = []
    for goals, sign, relation in ((AT_LEAST, 1, "at least"), (AT_MOST, -1, "at most")):
        for name, goal in goals.items():
            figure = figures.get(name)
            if figure is None:
                found.append(f"{name}: not measured")
            elif sign * figure < sign * goal:
                found.append(f"{name}: {figure:.3g}, the goal is {relation} {goal:g}")
    return found
