"""Names of explained outputs: a number, or the probability or the log-odds of a class."""

from collections.abc import Sequence


def name_of_class(class_name: str, target: str) -> str:
    """Name a class with its target, unless that is unknown.

    >>> name_of_class("yes", "churn"), name_of_class("yes", "")
    ('churn = yes', 'yes')
    """
    return f"{target} = {class_name}" if target else class_name


def describe_output(output: str, target: str, scale: str | None) -> str:
    """Describe what is explained, for a sentence.

    >>> describe_output("yes", "churn", "log-odds")
    'the log-odds of churn = yes'
    >>> describe_output("price", "price", None)
    'the prediction of price'
    """
    if scale is None:
        return f"the prediction of {output}"
    return f"the {scale} of {name_of_class(output, target)}"


def describe_outputs_of_rows(classes: Sequence[str] | None, target: str, scale: str) -> str:
    """Describe what the reasons of all rows explain: of several classes, the predicted ones.

    >>> describe_outputs_of_rows(("no", "yes"), "churn", "probability")
    'the probability of churn = yes'
    >>> describe_outputs_of_rows(("Adelie", "Chinstrap", "Gentoo"), "species", "probability")
    'the probability of the predicted species'
    """
    if classes is None:
        return describe_output(target, target, None)
    if len(classes) > 2:
        return f"the {scale} of the predicted {target}"
    return describe_output(classes[1], target, scale)
