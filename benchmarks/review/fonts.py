"""The fonts that texts are drawn with: those of four Debian packages."""

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

PACKAGES = "fonts-dejavu-core fonts-liberation fonts-roboto-unhinted fonts-noto-cjk"
DEFAULT_FOLDER = Path("/usr/share/fonts")
FILES = {
    "mono": "DejaVuSansMono.ttf",
    "mono-bold": "DejaVuSansMono-Bold.ttf",
    "paper": "LiberationSerif-Regular.ttf",
    "paper-bold": "LiberationSerif-Bold.ttf",
    "screen": "Roboto-Regular.ttf",
    "screen-bold": "Roboto-Bold.ttf",
    "sign": "LiberationSans-Bold.ttf",
    "cjk": "NotoSansCJK-Regular.ttc",
    "cjk-bold": "NotoSansCJK-Bold.ttc",
}


class MissingFontError(Exception):
    """A font is not installed."""


class Fonts:
    """The fonts below one folder.

    Args:
        folder: The folder that Debian installs fonts in, or any other with the same files.
    """

    def __init__(self, folder: Path = DEFAULT_FOLDER) -> None:
        wanted = set(FILES.values())
        self._paths = {path.name: path for path in sorted(folder.rglob("*.tt[fc]")) if path.name in wanted}
        missing = sorted(wanted - set(self._paths))
        if missing:
            raise MissingFontError(
                f"{', '.join(missing)} not found below {folder}. On Debian, run `apt-get install {PACKAGES}`; "
                "elsewhere, name the folder of the fonts with --fonts."
            )
        self.find = lru_cache(maxsize=None)(self._find)

    def _find(self, name: str, size: int) -> ImageFont.FreeTypeFont:
        """Return a font by its name in `FILES`, at a size in pixels."""
        return ImageFont.truetype(self._paths[FILES[name]], size)

    def fit(self, name: str, text: str, size: int) -> ImageFont.FreeTypeFont:
        """Return a font for a text: the named one, or one with Chinese and Japanese characters if the text has any."""
        if any(ord(character) > 0x2E80 for character in text):
            name = "cjk-bold" if name.endswith("bold") or name == "sign" else "cjk"
        return self.find(name, size)
