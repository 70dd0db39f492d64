"""Every public object is documented as numpydoc asks, and stands in the API reference.

What is public is decided in one place, where the reference is written.
"""

import ast
import builtins
import dataclasses
import inspect
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import sklearn.exceptions
from docutils import nodes
from docutils.core import publish_doctree
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import ERROR_MSGS, validate

import barenet
from barenet import METRICS
from barenet.model.losses import LOSSES
from barenet.optimization._penalties import PENALTIES
from barenet.optimization.optimizers import OPTIMIZERS
from barenet.optimization.optimizers._optimizer import CLIPPINGS
from barenet.schedules import SCHEDULES

pytestmark = pytest.mark.integration

REFERENCE = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "_ext" / "api_reference.py"))

LEFT_OUT = {
    "GL01": "the summary stands on the line of the quotes, as PEP 257 allows",
    "GL02": "and so do the closing quotes of a docstring of one line",
    "PR08": "a parameter's description may start with a formula, as in 'dL/dA'",
    "RT04": "and that of what is returned",
    "SS05": "takes nouns in the plural, such as 'Classes ...', for verbs in the third person",
    "ES01": "a summary that says all needs no second paragraph",
    "SA01": "See Also is for where a reader would look in vain",
    "PR01": "checked below, with what a dataclass lists under Attributes",
    "PR02": "checked below",
    "EX01": "checked below: not every method needs one of its own",
}
CHECKS = set(ERROR_MSGS) - set(LEFT_OUT)
SECTIONS = ("Parameters", "Other Parameters", "Attributes")


@pytest.fixture(scope="module")
def objects() -> dict[str, Any]:
    return REFERENCE["public_objects"]()


@pytest.fixture(scope="module")
def members(objects) -> dict[str, Any]:
    """The objects, and the public methods and properties that their classes define."""
    found = dict(objects)
    for name, thing in objects.items():
        if inspect.isclass(thing):
            found |= {f"{name}.{key}": getattr(thing, key) for key in methods(thing)}
    return found


def methods(kind: type) -> Iterator[str]:
    """Names of what a class defines, without overrides: the base documents their parameters."""
    inherited = {key for base in kind.__mro__[1:] for key in vars(base)}
    listed = documented(kind, "Attributes")
    for key, value in vars(kind).items():
        function = isinstance(value, property | classmethod | staticmethod | type(methods))
        own = function and not key.startswith("_") and key not in inherited
        if own and (value.__doc__ or key not in listed):
            yield key


def documented(thing: Any, *sections: str) -> set[str]:
    """The names that the sections of a docstring list."""
    doc = NumpyDocString(inspect.getdoc(thing) or "")
    entries = [entry for section in sections for entry in doc[section]]
    names = (entry.name or entry.type for entry in entries)  # what is raised has a type alone
    return {part.strip("* ") for name in names for part in name.split(",")}


def lineage(thing: Any) -> list[Any]:
    """Whose docstrings tell of an object: its own, and for a class those of its bases."""
    return list(thing.__mro__[:-1]) if inspect.isclass(thing) else [thing]


def taken(thing: Any) -> set[str]:
    """Names of the parameters that a caller may give, besides the options that ``**`` collects."""
    names = {name for name in inspect.signature(thing).parameters if name not in ("self", "cls")}
    function = getattr(thing, "__func__", thing)
    if inspect.isfunction(function) and hasattr(function, "__signature__"):
        return names & {*function.__code__.co_varnames}  # its signature lists the options, too
    return names


def attributes(kind: type) -> set[str]:
    """Public names that a class declares, or its ``__init__`` sets on self."""
    names = {name for base in kind.__mro__ for name in vars(base).get("__annotations__", {})}
    if dataclasses.is_dataclass(kind):
        names |= {field.name for field in dataclasses.fields(kind)}
    for function in written(kind):
        for node in ast.walk(tree_of(function)):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                names |= {node.attr} if ast.unparse(node.value) == "self" else set()
    return {name for name in names if not name.startswith("_")}


def raised(function: Any) -> set[str]:
    """Names of the exceptions that a function raises itself; an ArgumentError is a ValueError."""
    nodes = (node.exc for node in ast.walk(tree_of(function)) if isinstance(node, ast.Raise))
    calls = (node.func for node in nodes if isinstance(node, ast.Call))
    names = {ast.unparse(call).removesuffix(".of") for call in calls}
    names = {"ValueError" if name == "ArgumentError" else name for name in names}
    return names - {"NotImplementedError"}


def written(thing: Any) -> list[Any]:
    """The functions whose source tells what happens: for a class, those that make an instance."""
    if inspect.isclass(thing):
        found = [getattr(thing, name, None) for name in ("__init__", "__post_init__")]
    else:
        found = [thing.fget if isinstance(thing, property) else inspect.unwrap(thing)]
    functions = [getattr(function, "__func__", function) for function in found]
    in_files = [function for function in functions if inspect.isfunction(function)]
    return [function for function in in_files if function.__code__.co_filename != "<string>"]


def tree_of(function: Any) -> ast.Module:
    return ast.parse(dedent(inspect.getsource(function)))


def test_docstrings_follow_numpydoc(members):
    errors = [(name, *error) for name in members for error in validate(name)["errors"]]
    assert [error for error in errors if error[1] in CHECKS] == []


def test_exactly_the_parameters_are_documented(members):
    """What several methods of a class take may be documented once, in the class's docstring."""
    faults = []
    for name, thing in members.items():
        if isinstance(thing, property) or is_error(thing):
            continue
        listed = documented(thing, *SECTIONS)  # its own entry is whole, also of what it inherits
        extra = documented(thing, "Parameters", "Other Parameters") - taken(thing)
        owner = inspect.getdoc(members.get(name.rpartition(".")[0])) or ""
        missing = {word for word in taken(thing) - listed if f"`{word}`" not in owner}
        faults += [f"{name}: {word} is not documented" for word in sorted(missing)]
        faults += [f"{name}: {word} is not a parameter" for word in sorted(extra)]
    assert faults == []


def test_each_parameter_has_a_type_and_the_default_of_the_signature(objects):
    faults = []
    for name, thing in objects.items():
        for entry in NumpyDocString(inspect.getdoc(thing) or "")["Parameters"]:
            word, default = entry.name, re.search(r"default=(.+)$", entry.type)
            if entry.type in ("", "optional") and not word.startswith("**"):
                faults.append(f"{name}: {word} has no type")
            if default and "," not in word:
                value = inspect.signature(thing).parameters[word].default
                if eval(default[1]) != value:
                    faults.append(f"{name}: {word}, default={default[1]} instead of {value!r}")
    assert faults == []


def test_train_lists_every_name_that_it_takes():
    """With the names, the page of `train` links to the pages of their classes."""
    entries = NumpyDocString(inspect.getdoc(barenet.train))["Parameters"]
    texts = {entry.name: " ".join(entry.desc) for entry in entries}
    registries = {
        "loss": LOSSES, "optimizer": OPTIMIZERS, "schedule": SCHEDULES, "penalty": PENALTIES,
        "clip": CLIPPINGS, "metrics": METRICS,
    }  # fmt: skip
    for argument, registry in registries.items():
        listed = {*re.findall(r'(?<!`)"(\w+)"', texts[argument])}
        missing = ", ".join(sorted(registry.keys() - listed))
        assert not missing, f"list {missing} in the docstring of train, under {argument}"
        assert listed == {*registry}, argument


def test_every_attribute_is_documented(objects):
    faults = []
    for name, kind in objects.items():
        if inspect.isclass(kind):
            listed = set().union(*(documented(base, *SECTIONS) for base in lineage(kind)))
            properties = dict(
                inspect.getmembers_static(kind, lambda each: isinstance(each, property))
            )
            faults += [f"{name}.{word}" for word in attributes(kind) - listed - properties.keys()]
    assert faults == []


def test_every_exception_raised_is_documented(members):
    faults = []
    for name, thing in members.items():
        found = set().union(*(raised(function) for function in written(thing)))
        missing = found.difference(*(documented(named, "Raises") for named in lineage(thing)))
        faults += [f"{name}: {word}" for word in missing]
    assert faults == []


@pytest.mark.case(223)
def test_raises_and_warns_name_classes_of_exceptions():
    """All docstrings, also of private functions: numpydoc takes any line for a type."""
    faults = []
    for path in sorted(Path(barenet.__file__).parent.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        imported = {node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        exceptions = {alias.name for node in imported for alias in node.names}
        exceptions |= {name for name in dir(builtins) if is_error(getattr(builtins, name))}
        exceptions |= {*barenet.errors.__all__, *sklearn.exceptions.__all__, "KeyboardInterrupt"}
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                for entry in conditions(ast.get_docstring(node) or ""):
                    types = {word.strip() for word in entry.type.split(",")}
                    if entry.name or not types <= exceptions or not entry.desc:
                        faults.append(f"{path.name}: {node.name}: {entry.name}{entry.type}")
    assert faults == []


def conditions(docstring: str) -> list[Any]:
    """The entries of the sections Raises and Warns."""
    if not re.search(r"^(Raises|Warns)\n---", docstring, re.MULTILINE):
        return []
    doc = NumpyDocString(docstring)
    return doc["Raises"] + doc["Warns"]


def test_every_public_object_has_an_example(objects):
    """Of its own or of its base; errors aside, which are caught and not made."""
    needing = {name: thing for name, thing in objects.items() if not is_error(thing)}
    docs = {name: map(inspect.getdoc, lineage(thing)) for name, thing in needing.items()}
    assert [name for name, texts in docs.items() if ">>>" not in "".join(filter(None, texts))] == []


def test_every_public_object_is_in_the_reference(objects):
    listed = REFERENCE["headings_of"](objects)  # raises LookupError for what fits no heading
    assert {name for names in listed.values() for name in names} == set(objects)


def test_every_public_name_exists_once():
    assert [name for name in barenet.__all__ if barenet.__all__.count(name) > 1] == []
    assert [name for name in barenet.__all__ if not hasattr(barenet, name)] == []


def is_error(thing: Any) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Exception)


def block_quotes(docstring: str) -> list[str]:
    """The indented paragraphs that reStructuredText takes for quotations."""
    settings = {"report_level": 5, "halt_level": 6}
    document = publish_doctree(docstring, settings_overrides=settings)
    return [quote.astext() for quote in document.findall(nodes.block_quote)]


def test_formulas_are_literal_blocks():
    """A quotation would run the lines of a formula together."""
    sources = (Path(barenet.__file__).parent).rglob("*.py")
    trees = (ast.walk(ast.parse(path.read_text("utf-8"))) for path in sources)
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef)
    texts = (ast.get_docstring(n) or "" for tree in trees for n in tree if isinstance(n, kinds))
    prose = (re.split(r"\n(?=[A-Z][a-z ]+\n---)", text)[0] for text in texts)
    wrong = [text for text in prose if "\n\n " in text and block_quotes(text)]
    assert wrong == []
    assert block_quotes("The derivative:\n\n    dW = Xᵀ dZ") == ["dW = Xᵀ dZ"]


def test_signatures_have_public_names(objects):
    """Functions and estimators are read as they are written: `ArrayLike`, not its meaning."""
    estimators = {name: each for name, each in objects.items() if hasattr(each, "get_params")}
    functions = {name: each for name, each in objects.items() if inspect.isroutine(each)}
    assert len(functions) >= 30 and len(estimators) == 5
    for name, each in estimators.items():
        functions |= {f"{name}.{key}": getattr(each, key) for key in ("fit", "predict")
                      if hasattr(each, key)}  # fmt: skip
    signatures = {
        name: str(inspect.signature(each)) for name, each in (estimators | functions).items()
    }
    expanded = r"(?<!class ')numpy\.|collections\.|typing\.|barenet\.|\b_[A-Za-z]"
    wrong = {name: text for name, text in signatures.items() if re.search(expanded, text)}
    assert not wrong, f"begin these modules with `from __future__ import annotations`: {wrong}"
