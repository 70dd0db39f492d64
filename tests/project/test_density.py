"""How densely the statements of the package are written.

A statement is read once where it does one thing. Counted are constructions that pack several into
one, such as ``a, b = x, y``, and the size of statements, as nodes of the syntax tree.
"""

import ast
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.integration

PACKAGE = Path(__file__).parents[2] / "src" / "barenet"

#: The most of each construction in a thousand statements of a package.
LIMITS = {
    "packed assignments": 5,
    "nested comprehensions": 0.7,
    "assignment expressions": 1.3,
    "functions of functions": 4,
    "truth values as numbers": 1,
    "vague names": 2,
    "nodes a statement": 12,
}

VAGUE_NAMES = {
    "each", "found", "given", "known", "own", "here", "there", "this", "these", "those", "that",
    "rest", "kind", "what", "such", "other",
}  # fmt: skip
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SEQUENCES = (ast.List, ast.Tuple)
COMPOUND = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.If,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.Match,
)
TRUTH_FUNCTIONS = {"bool", "isinstance", "issubclass", "any", "all", "hasattr"}


def names_in(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def is_packed(node: ast.AST) -> bool:
    """Whether it assigns several values to as many names, other than by exchanging them."""
    if not isinstance(node, ast.Assign):
        return False
    target = node.targets[0]
    if not isinstance(target, ast.Tuple) or not isinstance(node.value, ast.Tuple):
        return False
    assigned = {ast.unparse(element) for element in target.elts}
    return assigned.isdisjoint(names_in(node.value))


def is_nested(node: ast.AST) -> bool:
    """Whether a comprehension has two loops, or another comprehension in it."""
    if not isinstance(node, COMPREHENSIONS):
        return False
    inner = [part for part in ast.walk(node) if isinstance(part, COMPREHENSIONS)]
    return len(node.generators) > 1 or len(inner) > 1


def is_function_of_functions(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    return node.func.id in ("map", "reduce", "starmap", "partial", "filter")


def is_truth_value(node: ast.AST) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in TRUTH_FUNCTIONS
    return isinstance(node, ast.Compare)


def is_truth_as_number(node: ast.AST) -> bool:
    """Whether a truth value is an index, or a text or a list is repeated a varying number of times.

    A comparison as the index of an array selects rows, and is none.
    """
    if isinstance(node, ast.Subscript) and is_truth_value(node.slice):
        is_of_arrays = isinstance(node.slice, ast.Compare | ast.UnaryOp)
        return not is_of_arrays or isinstance(node.value, (*SEQUENCES, ast.Dict))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for factor, times in ((node.left, node.right), (node.right, node.left)):
            is_text = isinstance(factor, ast.Constant) and isinstance(factor.value, str)
            if (is_text or isinstance(factor, SEQUENCES)) and not isinstance(times, ast.Constant):
                return True
    return False


def is_vague_name(node: ast.AST) -> bool:
    is_assigned = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    return is_assigned and node.id in VAGUE_NAMES


CONSTRUCTIONS = {
    "packed assignments": is_packed,
    "nested comprehensions": is_nested,
    "assignment expressions": lambda node: isinstance(node, ast.NamedExpr),
    "functions of functions": is_function_of_functions,
    "truth values as numbers": is_truth_as_number,
    "vague names": is_vague_name,
}


def without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            has_docstring = ast.get_docstring(node, clean=False) is not None
            if has_docstring:
                del node.body[0]
    return tree


def figures_of(texts: list[str]) -> dict[str, float]:
    """The constructions per 1,000 statements, and the mean size of statements without a body."""
    counts = Counter[str]()
    sizes = []
    n_statements = 0
    for text in texts:
        for node in ast.walk(without_docstrings(ast.parse(text))):
            for name, is_counted in CONSTRUCTIONS.items():
                if is_counted(node):
                    counts[name] += 1
            if isinstance(node, ast.stmt):
                n_statements += 1
                if not isinstance(node, COMPOUND):
                    sizes.append(len(list(ast.walk(node))))
    figures = {name: 1000 * counts[name] / n_statements for name in CONSTRUCTIONS}
    figures["nodes a statement"] = float(np.mean(sizes))
    return figures


def texts_of(package: str) -> list[str]:
    """The sources of a package, or of the files that are in none."""
    files = PACKAGE.glob("*.py") if package == "top" else (PACKAGE / package).rglob("*.py")
    return [file.read_text("utf-8") for file in sorted(files)]


PACKAGES = ["top"]
PACKAGES.extend(
    folder.name for folder in sorted(PACKAGE.iterdir()) if (folder / "__init__.py").exists()
)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_statement_does_one_thing(package):
    above = {}
    for name, figure in figures_of(texts_of(package)).items():
        if figure > LIMITS[name]:
            above[name] = f"{figure:.1f}, of which {LIMITS[name]} are allowed"
    assert not above, f"{package}: write one thing a statement"


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("a, b = x, y", "packed assignments"),
        ("a = [d for b in c for d in b]", "nested comprehensions"),
        ("a = [len([d for d in b]) for b in c]", "nested comprehensions"),
        ("a = (b := c)", "assignment expressions"),
        ("a = list(map(b, c))", "functions of functions"),
        ("a = 's' * (b != 1)", "truth values as numbers"),
        ("a = ('no', 'yes')[b > 1]", "truth values as numbers"),
        ("a = b[bool(c)]", "truth values as numbers"),
        ("each = a", "vague names"),
    ],
)
def test_what_is_dense_is_counted(statement, name):
    plain = figures_of(["a = b"])
    figures = figures_of([f"{statement}\na = b"])
    assert figures[name] == 500 and plain[name] == 0


@pytest.mark.parametrize(
    "statement",
    ["a, b = b, a + b", "a = b[c > 1]", "a, b = f(x)", "a = 's' * 3", "a = [b for b in c]"],
)
def test_what_is_plain_is_not_counted(statement):
    figures = figures_of([statement])
    assert all(figures[name] == 0 for name in CONSTRUCTIONS)


def test_a_docstring_is_no_statement():
    assert figures_of(['def f():\n    """Text."""\n    return 1']) == figures_of(
        ["def f():\n    return 1"]
    )
