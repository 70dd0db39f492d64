"""Signs of currencies and units beside a number, by which a column of numbers is recognized."""

import re

from barenet.tables.reading._number_forms import SPACES
from barenet.tables.reading._parsing import plain_minus

#: Signs of currencies, and codes of currencies that may be before a number.
_SIGN = "[$€£¥₹₩₽₺₴₪₫฿~≈]|US[$]|A[$]|C[$]|R[$]|HK[$]"
_CODE = (
    "USD|EUR|JPY|GBP|CNY|AUD|CAD|CHF|HKD|SGD|SEK|KRW|NOK|NZD|INR|MXN|TWD|ZAR|BRL|DKK|PLN|THB|ILS"
    "|IDR|CZK|AED|TRY|HUF|CLP|SAR|PHP|MYR|COP|RUB|RON|PEN|UAH|ARS|EGP|VND|NGN|KZT|BGN|ISK|Rs[.]?|kr[.]?"
)
_BEFORE = rf"(?P<before>(?:(?:{_SIGN})|(?:{_CODE})(?=[\s\d]))\s?)?"

#: A unit behind a number: %, °C, kg, km/h, m2, m³. A single letter is a unit only after a space or
#: a fraction, as 12a is a house number.
_WORD = r"[^\W\d_]{1,8}[.]?[23²³]?(?:/[^\W\d_]{1,5}[23²³]?)?"
_BEHIND = rf"(?P<behind>\s?(?:[%‰°'\"″′]|°[CFK]|[$€£¥₹₩₽₺₴₪₫฿]|{_WORD}))?"
_NUMBER = r"(?P<number>\d[\d.,' ]*)"
_WITH_UNIT = re.compile(rf"[+-]?{_BEFORE}[+-]?{_NUMBER}{_BEHIND}")


def unit_of(text: str) -> tuple[str, str] | None:
    """Find the sign or unit before a number, and that behind it; None without any.

    >>> [unit_of(text) for text in ("$9,216 ", "12 kg", "12", "12a", "2.5a", "Room 12")]
    [('$', ''), ('', ' kg'), None, None, ('', 'a'), None]
    """
    plain = plain_minus(text.replace("(", "").replace(")", "").strip())
    if not text.isascii():
        plain = SPACES.sub(" ", plain)
    match = _WITH_UNIT.fullmatch(plain)
    if match is None or not (match["before"] or match["behind"]):
        return None
    behind = match["behind"] or ""
    number = match["number"].rstrip()
    behind = match["number"][len(number) :] + behind
    is_letter = len(behind) == 1 and behind.isalpha()
    if is_letter and number.isdecimal():
        return None
    return match["before"] or "", behind
