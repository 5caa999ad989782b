"""The inputs themselves, small: images in one sheet, texts cut to a line or two."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

TILE = 56
"""Images are shrunk until their longer side has at most this many pixels."""

TEXT = 280
"""Longer texts are cut to this many characters."""

PHOTOGRAPHS = 400_000
"""Sheets of more pixels than this are stored as JPEG: PNG would make them several times larger."""


def pack(inputs: Any, n: int) -> dict[str, Any] | None:
    """Inputs as the page shows them.

    Parameters
    ----------
    inputs : sequence of n images or texts, or None
        Images are arrays (height, width), (height, width, 3 or 4) or (3, height, width), or PIL images. Integers
        are taken as 0 ... 255, floats within 0 ... 1 as they are; other ranges are stretched to what the set uses.
    n : int
        The number of samples.

    Returns
    -------
    dict, or None
        ``{"kind": "text", "texts": [...]}``, or ``{"kind": "image", "src", "columns", "width", "height", "rows"}`` with
        one sheet of n tiles, row after row.

    Examples
    --------
    >>> import numpy as np
    >>> pack(["one", "two"], 2)
    {'kind': 'text', 'texts': ['one', 'two']}
    >>> sheet = pack(np.zeros((5, 8, 8)), 5)
    >>> sheet["columns"], sheet["rows"], sheet["width"], sheet["src"][:22]
    (3, 2, 8, 'data:image/png;base64,')
    """
    if inputs is None:
        return None
    if len(inputs) != n:
        raise ValueError(
            f"there are {len(inputs)} inputs for {n} samples: give one a sample, in the order of study.ids"
        )
    if n == 0:
        return None
    if all(isinstance(text, str) for text in inputs):
        return {"kind": "text", "texts": [_cut(text) for text in inputs]}
    return _sheet(_pixels(inputs))


def _cut(text: str) -> str:
    return text if len(text) <= TEXT else text[: TEXT - 1] + "…"


def _pixels(images: Sequence[Any]) -> list[NDArray[np.uint8]]:
    arrays = [_upright(i, image) for i, image in enumerate(images)]
    if all(array.dtype == np.uint8 for array in arrays):
        return arrays
    low = min(float(a.min()) for a in arrays)
    high = max(float(a.max()) for a in arrays)
    if not np.isfinite([low, high]).all():
        raise ValueError("an image among the inputs has a value that is not finite: leave it out or mend it")
    if all(np.issubdtype(a.dtype, np.integer) or a.dtype == bool for a in arrays) and 0 <= low and 1 < high <= 255:
        low, high = 0.0, 255.0
    elif 0 <= low and high <= 1:
        low, high = 0.0, 1.0
    reach = (high - low) or 1.0
    return [np.round((a.astype(np.float64) - low) * (255 / reach)).astype(np.uint8) for a in arrays]


def _upright(place: int, image: Any) -> NDArray[Any]:
    if hasattr(image, "detach"):
        image = image.detach().cpu().numpy()
    array = np.asarray(image)
    if array.ndim == 3 and array.shape[0] in (1, 3) and array.shape[2] not in (1, 3, 4):
        array = np.moveaxis(array, 0, 2)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if (
        array.dtype == object
        or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4)))
        or not array.size
    ):
        raise ValueError(
            f"input {place} is neither a text nor an image: its shape is {array.shape}, "
            "where (height, width) or (height, width, 3) is needed"
        )
    return array


def _sheet(images: list[NDArray[np.uint8]]) -> dict[str, Any]:
    from PIL import Image

    tiles = []
    for array in images:
        tile = Image.fromarray(array)
        tile.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
        tiles.append(tile)
    width, height = max(t.width for t in tiles), max(t.height for t in tiles)
    columns = int(np.ceil(np.sqrt(len(tiles))))
    rows = -(-len(tiles) // columns)
    gray = all(t.mode == "L" for t in tiles)
    sheet = Image.new("L" if gray else "RGB", (columns * width, rows * height), 0)
    for place, tile in enumerate(tiles):
        left, top = place % columns * width, place // columns * height
        sheet.paste(tile.convert(sheet.mode), (left + (width - tile.width) // 2, top + (height - tile.height) // 2))
    kind = "jpeg" if sheet.width * sheet.height > PHOTOGRAPHS else "png"
    source = picture_url(sheet, kind, **({"quality": 82} if kind == "jpeg" else {"optimize": True}))
    return {"kind": "image", "src": source, "columns": columns, "rows": rows, "width": width, "height": height}


def picture_url(picture: Any, kind: str, **how: Any) -> str:
    """A picture as a data URL; ``how`` goes to PIL's ``save``."""
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return f"data:image/{kind};base64," + base64.b64encode(file.getvalue()).decode("ascii")
