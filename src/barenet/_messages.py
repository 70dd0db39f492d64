"""Parts of messages: names, values and counts as text, without control characters and secrets."""

import difflib
import re
from collections.abc import Iterable, Sequence

#: Maximum number of characters of a value in an error.
LONGEST = 80

#: The addresses of files and folders, by the paths of their local copies.
ADDRESSES: dict[str, str] = {}


def brief(value: object) -> str:
    """Format a value for an error: an array by its shape, a long value by its beginning.

    Examples
    --------
    >>> import numpy as np
    >>> brief("adam"), brief(np.ones(784))
    ("'adam'", 'an array of shape (784,)')
    """
    shape = getattr(value, "shape", ())
    is_array = isinstance(shape, tuple) and len(shape) > 0
    if is_array and all(isinstance(size, int) for size in shape):
        return f"an array of shape {shape}"
    text = " ".join(repr(value).split())
    if ":/" in text:  # an address
        text = without_secrets(text)
    return shortened(text)


def in_a_line(error: Exception) -> str:
    r"""Write the message of another library's error on one line.

    Examples
    --------
    >>> in_a_line(ValueError("expected a number\n  got 'x'"))
    "expected a number got 'x'"
    >>> in_a_line(KeyError("scaling"))
    "'scaling' is missing"
    >>> in_a_line(MemoryError())
    'MemoryError'
    """
    text = " ".join(str(error).split()) or type(error).__name__
    if type(error) is KeyError:  # the message is only the key
        text += " is missing"
    return shortened(text, 3 * LONGEST)


def some(names: Sequence[str], most: int = 20) -> str:
    """List names for an error, shortened if they are long or there are many.

    Examples
    --------
    >>> some(["a", "b", "c"]), some(["a", "b", "c"], most=2)
    ('a, b, c', 'a, b, … (3 in all)')
    """
    shown = [shortened(printable(name)) for name in names[:most]]
    listed = ", ".join(shown)
    if len(names) > most:
        listed += f", … ({len(names)} in all)"
    return listed


def some_columns(names: Sequence[str], most: int = 20) -> str:
    """List names of columns as `some`, in quotes if they contain a comma.

    Examples
    --------
    >>> print(some_columns(["size", "city, country"]))
    size, 'city, country'
    """
    listed = some([in_list(name) for name in names[:most]], most)
    if len(names) > most:
        listed += f", … ({len(names)} in all)"
    return listed


def count_of(number: int, noun: str) -> str:
    """Write a number of things in words.

    Examples
    --------
    >>> count_of(1, "epoch"), count_of(2000, "epoch")
    ('1 epoch', '2,000 epochs')
    """
    if number != 1:
        noun += "s"
    return f"{number:,} {noun}"


def suggestion(name: str, known: Iterable[str]) -> str:
    """Suggest the known name that is closest to a wrong name, or whose initials it is.

    Examples
    --------
    >>> suggestion("rellu", ["relu", "tanh"]), suggestion("x", ["relu"])
    (", did you mean 'relu'?", '')
    >>> suggestion("lr", ["learning_rate", "epsilon"])
    ", did you mean 'learning_rate'?"
    """
    spellings: dict[str, str] = {}
    initials: dict[str, str] = {}
    for candidate in known:
        lower = candidate.lower()
        spellings[lower] = candidate
        initials[re.sub("([a-z])[a-z]*_?", r"\1", lower)] = candidate
    wrong = name.lower()
    close = difflib.get_close_matches(wrong, spellings, n=1)
    if close:
        return f", did you mean {spellings[close[0]]!r}?"
    if wrong in initials:
        return f", did you mean {initials[wrong]!r}?"
    return ""


def printable(name: object) -> str:
    r"""Write a name on one line, with invisible characters escaped or in quotes.

    Examples
    --------
    >>> print(printable("prices"), printable("two\nlines"), printable(""), printable(" x"))
    prices two\nlines '' ' x'
    """
    text = str(name)
    if not text.isprintable():
        return repr(text)[1:-1]
    if text and text == text.strip():
        return text
    return repr(text)


def in_list(name: object) -> str:
    """Write a name for a list that is separated by commas, in quotes if it contains one.

    Examples
    --------
    >>> print(in_list("a, b"), in_list("a b"))
    'a, b' a b
    """
    text = str(name)
    if "," in text and text.isprintable():
        return repr(text)
    return printable(name)


def shortened(text: str, most: int = LONGEST) -> str:
    """Shorten a text that has more characters than are shown."""
    return text if len(text) <= most else f"{text[:most]}..."


def without_secrets(text: object) -> str:
    """Remove the password and the query, which may have a token, from each address in a text.

    Examples
    --------
    >>> without_secrets("https://me:secret@host/rows.csv?token=secret")
    'https://…@host/rows.csv?…'
    """
    before_host = r"(\w\w://?)(?:[^/?#…]*|[^/?#:[]*:(?!\d*/).*)@"  # the password may have a slash
    hidden = re.sub(before_host, r"\1…@", str(text))
    return re.sub(r"""(\w\w:/[^?]*\?)[^\s…][^\s'"]*(?<![:;,])""", r"\1…", hidden)


def with_addresses(text: object) -> str:
    """Replace the paths of local copies in a text by their addresses."""
    text = str(text)
    for path, address in [*ADDRESSES.items()]:  # another thread may change it
        text = text.replace(path, address)
    return text
