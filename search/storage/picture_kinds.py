"""Kinds of pictures that are recognized without looking at them: screenshots, by the name of the file or folder.

A new kind is an entry in `PICTURE_KINDS`.
"""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, func, or_

from search.errors import UsageError
from search.records import ItemType
from search.storage import tables as t
from search.text.names import fold_name

# What systems and people call screenshots, in the name of a file or of a folder.
_SCREENSHOT_NAMES = (
    "screenshot", "screen shot", "screen-shot", "screen_shot", "screencap", "screen capture", "bildschirmfoto",
    "captura de pantalla", "capture d'écran", "capture d’écran", "capture d'ecran", "屏幕截图", "屏幕快照", "截屏",
    "截图", "螢幕截圖", "スクリーンショット",
)  # fmt: skip
PICTURE_KINDS: Mapping[str, tuple[str, ...]] = {"screenshot": _SCREENSHOT_NAMES}


def match_picture_kind(kind: str) -> ColumnElement[bool]:
    """Return the condition that an item is a picture of a kind. Raises UsageError if there is no such kind."""
    names = PICTURE_KINDS.get(kind)
    if names is None:
        raise UsageError(f"picture must be one of {', '.join(PICTURE_KINDS)}, not {kind!r}")
    path = t.item.c.path
    folded = [func.instr(func.fold_name(path), fold_name(name)) > 0 for name in names if not name.isascii()]
    plain = [path.icontains(name, autoescape=True) for name in names if name.isascii()]
    return and_(t.item.c.type == ItemType.IMAGE, or_(*plain, *folded))
