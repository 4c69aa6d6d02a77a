"""The company's logo on its invoices: branding/logo.png or logo.jpg beside seeds/."""

from __future__ import annotations

from pathlib import Path

from orchestration.documents.paper import MOST_PIXELS, is_picture
from orchestration.store.files import is_there, what_is
from orchestration.store.warehouse import Home, Refused

_NAMES = ("logo.png", "logo.jpg", "logo.jpeg")


def logo(home: Home) -> bytes | None:
    """The picture; None without one. Raises `Refused` for one that cannot be drawn: what is issued never changes."""
    for problem in logo_problems(home):
        raise Refused(problem)
    return _read(home)


def logo_problems(home: Home) -> list[str]:
    """What is wrong with the logo, and what would be right."""
    for path in filter(is_there, _places(home)):
        if not path.is_file():
            return [f"branding/{path.name}: it is {what_is(path)}; put the picture there, or remove it"]
    image = _read(home)
    if image is None or is_picture(image):
        return []
    most = f"a picture of {MOST_PIXELS:,} pixels at most"
    return [f"branding/: the logo cannot be read as {most}; save it as PNG or JPEG anew, or remove it"]


def _read(home: Home) -> bytes | None:
    return next((path.read_bytes() for path in _places(home) if path.is_file()), None)


def _places(home: Home) -> list[Path]:
    return [home.branding / name for name in _NAMES]
