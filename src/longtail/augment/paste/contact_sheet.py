"""A page of pasted images with their patches outlined, to be looked at before anything is trained on them."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from PIL import Image, ImageDraw

from longtail.augment.paste.planning import Paste
from longtail.augment.paste.pool import Pool
from longtail.augment.paste.rendering import pasted_image
from longtail.augment.paste.settings import PasteSettings
from longtail.files import written_whole

COLUMNS, MOST, SIDE = 6, 24, 224
_MARGIN, _CAPTION = 8, 30
_COLOURS = {"normal": "#FFD23F", "tail": "#3BCEAC"}


def contact_sheet(pool: Pool, settings: PasteSettings, pastes: Sequence[Paste], path: Path) -> None:
    """Write up to `MOST` images of both ways in turns, captioned with what they were made for and what was pasted."""
    ways = [[paste for paste in pastes if paste.way == way] for way in _COLOURS]
    shown = [paste for pair in zip_longest(*(way[:MOST] for way in ways)) for paste in pair if paste][:MOST]
    rows = -(-len(shown) // COLUMNS)
    wide, high = SIDE + _MARGIN, SIDE + _MARGIN + _CAPTION
    page = Image.new("RGB", (min(COLUMNS, len(shown)) * wide + _MARGIN, rows * high + _MARGIN), "white")
    for number, paste in enumerate(shown):
        corner = _MARGIN + number % COLUMNS * wide, _MARGIN + number // COLUMNS * high
        page.paste(_outlined(pool, settings, paste), corner)
        for line, text in enumerate(_captions(pool, paste)):
            ImageDraw.Draw(page).text((corner[0], corner[1] + SIDE + 2 + 12 * line), text, fill="black")
    with written_whole(path) as beside:
        page.save(beside, format="PNG")


def _outlined(pool: Pool, settings: PasteSettings, paste: Paste) -> Image.Image:
    pixels = pasted_image(pool, settings, paste)
    image = Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0]).convert("RGB").resize((SIDE, SIDE))
    scale = SIDE / pixels.shape[0]
    draw = ImageDraw.Draw(image)
    for one in paste.placed:
        left, top, right, bottom = (round(side * scale) for side in one.box)
        draw.rectangle((left, top, right - 1, bottom - 1), outline=_COLOURS[paste.way])
    return image


def _captions(pool: Pool, paste: Paste) -> tuple[str, str]:
    labels = pool.manifest.labels
    pasted = ", ".join(labels[int(pool.bank.labels[one.patch])] for one in paste.placed)
    ground = "normal image" if paste.way == "normal" else f"image with {labels[paste.label]}"
    return _plain(f"on {ground}:"), _plain(pasted)


def _plain(text: str) -> str:
    """What Pillow's own font can write, short enough for the column."""
    return text.encode("latin-1", "replace").decode("latin-1")[:37]
