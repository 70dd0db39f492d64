"""Texts that stand for a missing value, in every column or only beside numbers and dates.

In a column of names, "." or "inf" may be a name. In a column whose other values are numbers, dates,
times of day or booleans, they can only mean a missing value.
"""

import re

#: Texts that stand for a missing value in every column, without the spaces around them.
MISSING = (
    "", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "<NA>", "?", "-", "--",
)  # fmt: skip

#: Further texts, beside numbers, dates, times of day and booleans, as lower-case patterns.
ABSENT = (
    # Python, pandas and R: NA, None, NaN and NaT; an infinity is no measurement, either.
    r"na|n/a|none|nil|nan|nat|<na>|<nat>|\?",
    r"[+-]?(nan(\(\w*\))?|inf|infinity|∞)",
    # Microsoft's C library, as old versions of pandas wrote it: -1.#IND and 1.#QNAN.
    r"[+-]?1\.#(ind|inf|qnan|snan)\d*",
    # Databases: NULL, (null), and MySQL's and Hive's \N.
    r"null|\(null\)|<null>|\[null\]|\\n|\(none\)|\(blank\)",
    # SAS's and Stata's ".", ".A" to ".Z" and "._", the World Bank's "..", and Eurostat's ":".
    r"\.[a-z_]?|\.\.|\.\.\.|…|:",
    # Words and dashes of printed tables.
    r"n\.a\.?|n\. a\.|[-‐‑‒–—―−]{1,3}",
    # Errors of spreadsheets in any language: #DIV/0!, #NAME?, #WERT!, #¡VALOR!, #N/A and #NV.
    r"#[¡¿]?[^\W\d_]+(/0)?[!?]|#n/?[avd]( .*)?",
)

#: All of these as a single pattern.
ABSENT_PATTERN = re.compile("|".join(ABSENT))


def is_absent(text: str) -> bool:
    r"""Return whether a text among numbers or dates stands for a missing value.

    >>> [is_absent(text) for text in (".", "-inf", "#DIV/0!", r"\N", "n.a.", "N.A.", "unknown")]
    [True, True, True, True, True, True, False]
    """
    return text == "" or ABSENT_PATTERN.fullmatch(text.lower()) is not None
