"""Codes: QR and Data Matrix symbols as pictures, encoded by zxing-cpp.

The same package reads them in a program's box, so that a student needs one name for both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["LONGEST", "code"]

LONGEST = 64  # letters: names come from traces too, and a trace may be anybody's
MODULE = 8  # texels
_PAPER, _INK = 250, 25
_SYMBOLS = {"qr": ("QRCode", 4), "datamatrix": ("DataMatrix", 2)}  # name in the package, quiet zone in modules


def code(kind: str, text: str) -> NDArray[np.uint8]:
    """The picture (h, w, 3) of a symbol, with its quiet zone; raises ValueError for a text that it cannot carry."""
    if not text or len(text) > LONGEST or not (text.isascii() and text.isprintable()):
        raise ValueError(f"a printed code has 1 to {LONGEST} letters of ASCII, got {text!r}")
    import zxingcpp

    name, quiet = _SYMBOLS[kind]
    wanted = {"forceSquare": True} if kind == "datamatrix" else {}
    symbol = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, name), **wanted)
    drawn = np.array(zxingcpp.write_barcode_to_image(symbol, scale=1, add_quiet_zones=False)) < 128
    dark = np.pad(drawn, quiet)
    modules = np.where(dark, _INK, _PAPER).astype(np.uint8)
    return np.repeat(np.repeat(np.repeat(modules, MODULE, axis=0), MODULE, axis=1)[..., None], 3, axis=2)
