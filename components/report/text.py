"""Format untrusted text (ids, labels, values), numbers and names for the page."""

import math
import unicodedata
from collections.abc import Iterable, Sequence

from relation.files.feature_values import Value

SHORT, LONG, WHOLE = 24, 160, 1000
"""Length limits in characters: of names beside others, of texts, and of tooltips."""
_VISIBLE = {"\n": "⏎", "\r": "⏎", "\t": "⇥", "\0": "␀"}


def printable(value: bytes | str, limit: int = LONG) -> str:
    """Decode text, and replace characters that are invisible or change the text direction.

    Control characters, bidirectional marks, surrogates and invalid UTF-8 become one visible
    character each. Text beyond `limit` is cut.

    >>> printable(b"a\\nb\\xff")
    'a⏎b�'
    """
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    shown = "".join(_VISIBLE.get(c, c if _shows(c) else "�") for c in text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


class Name(str):
    """A name as the page shows it; `whole` is its tooltip.

    >>> Name.of("offers/2024/shop-a/000123.png", 13), Name.of("shop").whole
    ('offers…23.png', 'shop')
    """

    whole: str

    @classmethod
    def of(cls, value: bytes | str, limit: int = SHORT) -> "Name":
        """Make text printable, and elide its middle: ids often differ in their last characters."""
        whole = printable(value, WHOLE)
        tail = (limit - 1) // 2
        shown = (
            whole
            if len(whole) <= limit
            else f"{whole[: limit - 1 - tail]}…{whole[len(whole) - tail :]}"
        )
        name = cls(shown)
        name.whole = whole
        return name


def _shows(character: str) -> bool:
    # Joiners (Cf) hold emoji together; the other format characters reorder or hide.
    return character in "\u200c\u200d" or unicodedata.category(character) not in (
        *("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"),
    )


def of_values(values: Sequence[Value], limit: int = LONG) -> str:
    """Format the values of a feature."""
    shown = (printable(v, limit) if isinstance(v, bytes) else data_value(v) for v in values[:12])
    text = ", ".join(shown) + (", …" if len(values) > 12 else "")
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def number(value: float | None, digits: int = 4) -> str:
    """Format a count or a metric for readers: a dash for None, words for NaN.

    >>> number(0.98765), number(1200.0), number(1234567), number(None)
    ('0.9877', '1,200', '1,234,567', '–')
    """
    if value is None:
        return "–"
    if value != value:
        return "undefined"
    if abs(value) == float("inf"):
        return "∞" if value > 0 else "−∞"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:,.0f}".replace("-", "−")
    if abs(value) >= 1000:
        return f"{value:,.1f}".replace("-", "−")
    if 0 < abs(value) < 10**-digits:
        return f"{value:.1e}".replace("-", "−")
    return f"{value:.{digits}f}".replace("-", "−")


def data_value(value: float, digits: int = 4) -> str:
    """Format a number of the data: without separators, since it may be a year or a code.

    >>> data_value(2026), data_value(0.98765), data_value(-1234.5)
    ('2026', '0.9877', '−1234.5')
    """
    return number(value, digits).replace(",", "")


def measured(value: float | None) -> str:
    """Format the value of a metric with four decimals, but counts without.

    >>> measured(1.0), measured(1872.0)
    ('1.0000', '1,872')
    """
    if value is not None and abs(value) < 10 and float(value).is_integer():
        return f"{value:.4f}".replace("-", "−")
    return number(value)


def measured_or_why(value: float, reason: str) -> str:
    """Format the value of a metric, or why it is undefined, where that is known.

    >>> measured_or_why(0.5, ""), measured_or_why(math.nan, "no tuple")
    ('0.5000', 'undefined: no tuple')
    """
    return f"undefined: {reason}" if math.isnan(value) and reason else measured(value)


def words(name: str) -> str:
    """Split an identifier into words: `triplet_accuracy` -> `triplet accuracy`."""
    return name.replace("_", " ")


_ACRONYMS = ("auc", "mrr", "map", "ndcg", "lrap", "mae", "mse", "psnr", "ssim", "f1", "r2", "r")


def metric_name(name: str, tags: Sequence[str] = ()) -> str:
    """Write a metric as in papers.

    >>> metric_name("map_at_r"), metric_name("recall_at_5"), metric_name("auc_tag_0", ["hat"])
    ('MAP@R', 'recall@5', 'AUC of hat')

    Args:
      tags: names of all tags, where the metric may be of one of them.
    """
    base, _, position = name.rpartition("_tag_")
    if position.isdecimal() and int(position) < len(tags):
        return f"{metric_name(base)} of {Name.of(tags[int(position)])}"
    parts = [part.upper() if part in _ACRONYMS else part for part in name.split("_")]
    return " ".join(parts).replace(" at ", "@")


def listed(names: Iterable[str]) -> str:
    """Join names: `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
