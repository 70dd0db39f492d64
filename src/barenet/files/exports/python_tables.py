"""The columns of a table in Python exports: how text becomes values, and values numbers.

The rules are those of `barenet.data.parsing` and of the records in `barenet.data.columns`, written
once more for a file that has NumPy alone.
"""

from __future__ import annotations

from barenet.data.columns import (
    BooleanColumn,
    CategoryColumn,
    Column,
    DateColumn,
    NumberColumn,
)
from barenet.files.exports.encode import Encode
from barenet.files.exports.names import python_string
from barenet.files.exports.numerals import WIDTH, flow

__all__ = ["MODULES", "READ_TABLE", "encode_functions"]

_NUMBER = '''\
def number(values, fill, center, scale, indicator):
    """(x - center) / scale; where x is missing, fill, and 1 in a column more"""
    for value in values:
        if isinstance(value, str) and not is_missing(value) and not NUMBER.fullmatch(value.strip()):
            raise ValueError(f"expected a number, got {value!r}")
    x = np.array([math.nan if is_missing(value) else float(value) for value in values])
    if np.isinf(x).any():
        raise ValueError("expected finite numbers")
    x[np.isin(x, [float(text) for text in MISSING if NUMBER.fullmatch(text)])] = math.nan
    missing = np.isnan(x)
    encoded = (np.where(missing, fill, x) - center) / scale
    return [encoded, missing] if indicator else [encoded]
'''

_BOOLEAN = '''\
def boolean(values, fill, indicator):
    """1 for true and 0 for false; where it is missing, fill, and 1 in a column more"""
    truths = {"true": 1, "yes": 1, "y": 1, "t": 1, "on": 1, "1": 1}
    truths |= {"false": 0, "no": 0, "n": 0, "f": 0, "off": 0, "0": 0}
    texts = ["" if is_missing(value) else label(value).lower() for value in values]
    if wrong := set(texts) - {*truths, ""}:
        raise ValueError(f"expected truth values, such as yes or no, got {sorted(wrong)[0]!r}")
    missing = np.array([text == "" for text in texts])
    encoded = np.array([truths.get(text, fill) for text in texts], float)
    return [encoded, missing] if indicator else [encoded]
'''

_CATEGORY = '''\
def category(values, categories, rare, missing):
    """1 in the column of its own, 0 in all others; any other, and none, may have columns, too"""
    markers = {label(text) for text in MISSING}
    labels = ["" if is_missing(value) else label(value) for value in values]
    labels = ["" if text in markers else text for text in labels]
    own = [[text == name for text in labels] for name in categories]
    others = [[text not in {*categories, *([""] if missing else [])} for text in labels]]
    holes = [[text == "" for text in labels]]
    return [*own, *(others if rare else []), *(holes if missing else [])]
'''

_LABEL = '''\
def label(value):
    """Numbers that are equal are one label, however they are written; 007 is none."""
    text = str(value).strip().lower() if isinstance(value, bool) else str(value).strip()
    if NUMBER.fullmatch(text) and not CODE.fullmatch(text) and math.isfinite(float(text)):
        return str(int(float(text))) if float(text).is_integer() else repr(float(text))
    return text
'''

_DATE = '''\
def date(values, fill, center, scale, cycles, indicator):
    """(s - center) / scale, with s the seconds since 1970, and the place in each cycle"""
    missing = np.array([is_missing(value) for value in values])
    nothing = np.datetime64(round(fill * 1e6), "us")
    pairs = zip(values, missing)
    moments = np.array([nothing if hole else moment(value) for value, hole in pairs], "M8[us]")
    seconds = moments.astype(np.int64) / 1e6
    encoded = [(seconds - center) / scale]
    for cycle in cycles:
        if cycle == "year":
            year = moments.astype("M8[Y]")
            start, end = year.astype("M8[us]"), (year + 1).astype("M8[us]")
            share = (moments - start) / (end - start)
        elif cycle == "week":  # from Monday; 1970 began on a Thursday
            share = (np.floor(seconds / 86400.0) + 3) % 7 / 7
        else:
            share = seconds % 86400.0 / 86400.0
        encoded += [np.sin(2 * np.pi * share), np.cos(2 * np.pi * share)]
    return [*encoded, missing] if indicator else encoded


def moment(value):
    """Read a date or a time as ISO 8601 writes it; in UTC, where it says a zone."""
    text = re.sub(r"(\\.\\d{6})\\d+", r"\\1", str(value).strip().replace("/", "-"))
    time = datetime.fromisoformat(text.replace(" UTC", "Z").replace("UTC", "Z"))
    return time if time.tzinfo is None else time.astimezone(timezone.utc).replace(tzinfo=None)
'''

_IS_MISSING = '''\
def is_missing(value):
    """Whether a value is missing: None, NaN, NaT, pandas' NA, or the marker of one."""
    markers = MISSING if isinstance(value, str) else ("None", "nan", "NaT", "<NA>")
    return str(value).strip() in markers
'''

_ENCODE = '''\
def encode(rows):
    """Turn rows, each a list of values in the order of FEATURES, into the network's numbers."""
    if len(rows) == 0 or any(len(row) != N_INPUTS for row in rows):
        raise ValueError(f"expected rows of {{N_INPUTS}} values")
    X = list(zip(*rows))
    return np.column_stack([
{lines}
    ]).astype(np.{dtype})
'''

READ_TABLE = '''\
def read(path):
    """Read the rows of a CSV file, its columns by the names in the first line."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        lines = [line for line in csv.reader(file) if line]
    header = lines.pop(0) if lines else []
    for line in lines:
        if len(line) != len(header):
            raise ValueError(f"{len(header)} names in the header, and {len(line)} values in {line}")
    if missing := [name for name in FEATURES if name not in header]:
        raise ValueError(f"no column {', '.join(missing[:5])}")
    if not lines:
        raise ValueError("there are no rows")
    columns = [header.index(name) for name in FEATURES]
    return [[line[column] for column in columns] for line in lines]
'''

_CONSTANTS = """\
#: What stands for a missing value.
MISSING = {missing}

#: What a number looks like, and what only looks like one.
NUMBER = re.compile(r"[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?", re.ASCII)
CODE = re.compile(r"[+-]?(0\\d+|\\d{{16,}})", re.ASCII)
"""

#: Modules that the functions need.
MODULES = ("math", "re")

#: The functions of each kind of column.
_FUNCTIONS: dict[type[Column], tuple[str, ...]] = {
    NumberColumn: (_NUMBER,),
    BooleanColumn: (_BOOLEAN, _LABEL),
    CategoryColumn: (_CATEGORY, _LABEL),
    DateColumn: (_DATE,),
}


def encode_functions(step: Encode) -> list[str]:
    """Write the functions that encode rows, and what they name."""
    needed = dict.fromkeys(part for each in step.columns for part in _FUNCTIONS[type(each)])
    lines = "\n".join(f"        *{_call(each, at)}," for at, each in enumerate(step.columns))
    missing = _texts(step.encoding.missing, "")
    encode = _ENCODE.format(lines=lines, dtype=step.dtype)
    return [_CONSTANTS.format(missing=missing), encode, *needed, _IS_MISSING]


def _call(column: Column, at: int) -> str:
    """Call the function of a column, with all that its record holds."""
    parts = column.to_dict()
    kind, _ = parts.pop("kind"), parts.pop("name")
    options = [
        f"{name}={_texts(value, ' ' * 8) if isinstance(value, list) else repr(value)}"
        for name, value in parts.items()
    ]
    return f"{kind}({', '.join([f'X[{at}]', *options])})"


def _texts(values: list[str] | tuple[str, ...], indent: str) -> str:
    items = list(map(python_string, values))
    line = f"[{', '.join(items)}]"
    return line if len(line) < WIDTH // 2 else f"[\n{flow(items, indent + '    ')}\n{indent}]"
