"""The names of edited photos, as Apple Photos, Google Photos and others write them."""

import re

# Words after the name of the original.
_WORDS = (
    *("edited", "edit", "effects", "bearbeitet", "modifié", "editado", "editada", "modificato", "bewerkt"),
    *("edytowane", "redigerad", "redigeret", "redigert", "muokattu", "upravené", "szerkesztve"),
    *("編集済み", "已修改", "수정됨"),
)
_EDITED = re.compile(rf"(?P<original>.+)[-_](?:{'|'.join(map(re.escape, _WORDS))})", re.IGNORECASE | re.DOTALL)
# iOS: IMG_E0001 is the edited version of IMG_0001, and IMG_O0001.AAE has the edits of an earlier one.
_APPLE = re.compile(r"(?P<start>img_)(?P<mark>[eo])(?P<number>\d{4,})", re.IGNORECASE)


def may_have_edits(names: str) -> bool:
    """Return whether some of these names, in lower case, may be those of edited photos."""
    return "img_e" in names or any(word in names for word in _WORDS)


def find_original(stem: str) -> str | None:
    """Return the name of the original of an edited photo, both without suffix; None if it is not an edited one."""
    apple = _APPLE.fullmatch(stem)
    if apple is not None and apple["mark"] in "eE":
        return apple["start"] + apple["number"]
    edited = _EDITED.fullmatch(stem)
    return edited["original"] if edited is not None else None


def drop_apple_mark(stem: str) -> str:
    """Return the name that iOS gave a photo, without the letter that marks its edited version or its edits."""
    apple = _APPLE.fullmatch(stem)
    return apple["start"] + apple["number"] if apple is not None else stem
