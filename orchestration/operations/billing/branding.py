"""The company's logo on its invoices: branding/logo.png or logo.jpg beside seeds/."""

from __future__ import annotations

from pathlib import Path

from orchestration.configuration.problem import Problem
from orchestration.documents.paper import MOST_PIXELS, is_picture
from orchestration.store.files import is_there, what_is
from orchestration.store.warehouse import Home, Refused

_NAMES = ("logo.png", "logo.jpg", "logo.jpeg")
_ENDINGS = tuple(Path(name).suffix for name in _NAMES)


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


def logo_warnings(home: Home) -> list[Problem]:
    """Pictures that no invoice has: of another name where no logo is there, and a second logo."""
    wrong, there = "no invoice has it", [path.name for path in _places(home) if path.is_file()]
    found = [
        Problem(f"branding/{name}", None, None, f"{wrong}: {there[0]} is taken", "remove one of the two")
        for name in there[1:]
    ]
    for path in [] if there or not home.branding.is_dir() else sorted(home.branding.iterdir()):
        if "logo" in path.stem.casefold() or path.suffix.casefold() in _ENDINGS:
            ending = path.suffix.casefold()
            name = f"logo{ending}" if ending in _ENDINGS else f"{_NAMES[0]}, saved as PNG"
            found.append(Problem(f"branding/{path.name}", None, None, wrong, f"if it is the logo, name it {name}"))
    return found


def _read(home: Home) -> bytes | None:
    return next((path.read_bytes() for path in _places(home) if path.is_file()), None)


def _places(home: Home) -> list[Path]:
    return [home.branding / name for name in _NAMES]
