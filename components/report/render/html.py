"""Render the page as one HTML file without scripts and requests."""

from pathlib import Path

import jinja2

from components.report.render.page import Mark, Page
from relation.core.fingerprint import content_fingerprint

TEMPLATES = Path(__file__).with_name("templates")
MAX_BYTES = 5_000_000
_SIGNS = {Mark.RIGHT: "✓", Mark.WRONG: "✗", Mark.UNKNOWN: "?"}


def html(page: Page) -> str:
    """Render a page. All text is escaped; only drawings are markup.

    Raises:
      ValueError: the page exceeds MAX_BYTES. The limits of the sections should prevent that.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("page.html.j2").render(page=page, signs=_SIGNS)
    if (size := len(text.encode())) > MAX_BYTES:
        raise ValueError(f"the page has {size:,} bytes; expected at most {MAX_BYTES:,}")
    return text


def template_fingerprint() -> str:
    """Fingerprint the templates, because code fingerprints cover only Python."""
    files = sorted(TEMPLATES.iterdir())
    return content_fingerprint(b"\0".join(path.read_bytes() for path in files))
