"""A4 paper: fonts, text that fits, and what every page has. Sizes are points (1/72 inch); y is measured from below."""

from __future__ import annotations

import io
import unicodedata
from functools import cache
from typing import Any

import fontpkg
from fontTools.ttLib import TTFont as FontFile
from PIL import Image
from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = 595.28, 841.89
LEFT, RIGHT = 51.0, WIDTH - 51.0
TOP, BOTTOM = HEIGHT - 84.0, 62.0

REGULAR, BOLD = "FiraSans", "FiraSans-SemiBold"
INK, GREY, RULE, BAND, ACCENT, STAMP = "#1B2430", "#5E6B78", "#CBD3DA", "#F2F5F7", "#17456B", "#F4ECEC"
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@cache
def _fonts() -> None:
    """Make the fonts known, with their tabular digits, so that figures stand below each other."""
    for name, weight in ((REGULAR, 400), (BOLD, 600)):
        path = str(fontpkg.path("Fira Sans", weight))
        font: Any = TTFont(name, path)
        with FontFile(path, lazy=True) as file:
            for digit, named in zip("0123456789", _DIGITS, strict=True):
                font.face.charToGlyph[ord(digit)] = file.getGlyphID(f"{named}.tf")
                font.face.charWidths[ord(digit)] = file["hmtx"][f"{named}.tf"][0] * 1000 // file["head"].unitsPerEm
        pdfmetrics.registerFont(font)


@cache
def _characters(font: str) -> tuple[dict[int, float], float]:
    face: Any = pdfmetrics.getFont(font).face
    return face.charWidths, face.defaultWidth


def width(text: str, font: str = REGULAR, size: float = 8.5) -> float:
    """How wide a text is."""
    widths, default = _characters(font)
    return sum(widths.get(ord(character), default) for character in text) * size / 1000


def clean(text: str) -> str:
    """Text as it can be set: composed letters, and blanks for what is no character on paper."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in composed)


def wrapped(text: str, room: float, font: str = REGULAR, size: float = 8.5) -> list[str]:
    """The lines of a text that has so much room: broken at blanks, and within a word that is wider."""
    lines, line = [], ""
    for word in clean(text).split():
        while width(word, font, size) > room and len(word) > 1:
            fits = len(_fitting(f"{line} {word}".lstrip(), room, font, size)) - (len(line) + 1 if line else 0)
            if fits < 1:  # not even its first letter beside what is there
                lines.append(line)
                line = ""
                continue
            lines.append(f"{line} {word[:fits]}".lstrip())
            line, word = "", word[fits:]
        if line and width(f"{line} {word}", font, size) > room:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".lstrip()
    return [*lines, line] if line or not lines else lines


def shortened(text: str, room: float, font: str = REGULAR, size: float = 8.5) -> str:
    """The text, or as much of it as there is room for, and an ellipsis."""
    text = clean(text)
    if width(text, font, size) <= room:
        return text
    return _fitting(text, room - width("…", font, size), font, size).rstrip() + "…"


def _fitting(text: str, room: float, font: str, size: float) -> str:
    widths, default = _characters(font)
    taken = 0.0
    for n, character in enumerate(text):
        taken += widths.get(ord(character), default) * size / 1000
        if taken > room:
            return text[: max(n, 1)]
    return text


MOST_PIXELS = 2 * (Image.MAX_IMAGE_PIXELS or 0)
"""What Pillow takes for a picture; a small file may say that it has more."""


def is_picture(image: bytes) -> bool:
    """Whether it is a PNG or JPEG that can be drawn to its last pixel, one of `MOST_PIXELS` at most."""
    try:
        read = ImageReader(io.BytesIO(image))
        return bool(read.getRGBData()) and min(read.getSize()) > 0
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False


class Paper:
    """The pages of a PDF, one after another; the same drawing gives the same bytes."""

    def __init__(self, title: str, author: str, subject: str) -> None:
        _fonts()
        rl_config.useA85 = 0  # streams as they are: a quarter smaller, and quicker
        self._bytes = io.BytesIO()
        self._canvas: Any = Canvas(
            self._bytes, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1, initialFontName=REGULAR
        )
        self._canvas.setTitle(clean(title))
        self._canvas.setAuthor(clean(author))
        self._canvas.setSubject(clean(subject))
        self._canvas.setCreator("tollbook")

    def text(
        self,
        x: float,
        y: float,
        text: str,
        font: str = REGULAR,
        size: float = 8.5,
        colour: str = INK,
        right: bool = False,
    ) -> None:
        """One line of text whose left end, or with `right` its right end, is at x."""
        self._canvas.setFont(font, size)
        self._canvas.setFillColor(colour)
        self._canvas.drawString(x - width(text, font, size) if right else x, y, text)

    def column(self, x: float, y: float, step: float, texts: list[str], size: float, right: bool, colour: str) -> None:
        """Texts below each other, `step` apart."""
        self._canvas.setFillColor(colour)
        lines = self._canvas.beginText()
        lines.setFont(REGULAR, size)
        lines.setTextOrigin(x, y)
        lines.setLeading(step)
        for n, text in enumerate(texts):
            if right:
                lines.setTextOrigin(x - width(text, REGULAR, size), y - n * step)
            lines.textLine(text)
        self._canvas.drawText(lines)

    def rule(self, y: float, left: float = LEFT, right: float = RIGHT, colour: str = RULE, weight: float = 0.5) -> None:
        """A line across."""
        self._canvas.setStrokeColor(colour)
        self._canvas.setLineWidth(weight)
        self._canvas.line(left, y, right, y)

    def box(self, left: float, bottom: float, right: float, top: float, colour: str = BAND) -> None:
        """A filled rectangle."""
        self._canvas.setFillColor(colour)
        self._canvas.roundRect(left, bottom, right - left, top - bottom, 3, stroke=0, fill=1)

    def stamp(self, text: str) -> None:
        """Large letters across the page, to be drawn before anything else."""
        self._canvas.saveState()
        self._canvas.translate(WIDTH / 2, HEIGHT / 2)
        self._canvas.rotate(52)
        size = 140.0
        self.text(-width(text, BOLD, size) / 2, -size / 3, text, BOLD, size, STAMP)
        self._canvas.restoreState()

    def picture(self, image: bytes, left: float, top: float, most_wide: float, most_high: float) -> bool:
        """A PNG or JPEG within so much room, as large as it goes; False, and nothing drawn, where it is neither."""
        try:
            read = ImageReader(io.BytesIO(image))
            wide, high = read.getSize()
            scale = min(most_wide / wide, most_high / high)
            self._canvas.drawImage(read, left, top - high * scale, wide * scale, high * scale, mask="auto", anchor="nw")
        except (OSError, ValueError, ZeroDivisionError):
            return False
        return True

    def next_page(self) -> None:
        """Finish the page."""
        self._canvas.showPage()

    def done(self) -> bytes:
        """The whole file."""
        self._canvas.save()
        return self._bytes.getvalue()
