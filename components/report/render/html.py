"""The page as HTML: one file that fetches nothing and runs nothing."""

from pathlib import Path

import jinja2

from components.report.render.page import Mark, Page
from relation.core.fingerprint import content_fingerprint

TEMPLATES = Path(__file__).with_name("templates")
MAX_BYTES = 5_000_000
_SIGNS = {Mark.RIGHT: "✓", Mark.WRONG: "✗", Mark.UNKNOWN: "?"}


def html(page: Page) -> str:
    """Renders a page. Every text is escaped; only drawings are markup.

    Raises:
      ValueError: it became larger than MAX_BYTES, which the sections' bounds should prevent.
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
    """Changes when a template does; code fingerprints cover Python alone."""
    files = sorted(TEMPLATES.iterdir())
    return content_fingerprint(b"\0".join(path.read_bytes() for path in files))
