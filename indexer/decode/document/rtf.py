"""RTF: the visible text, with headers, footnotes and fields."""

import re
from dataclasses import dataclass, replace

from indexer.decode.content import Parts
from indexer.decode.document.text import Text, cut_texts
from indexer.decode.family import DocumentFormat, Format
from search.errors import UnreadableMediaError

SIGNATURE = b"{\\rtf"
_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})?[ ]?|\\'(?P<byte>[0-9a-fA-F]{2})|\\(?P<sign>[^a-zA-Z'])"
    rb"|(?P<group>[{}])|(?P<break>[\r\n]+)|(?P<text>[^\\{}\r\n]+)",
    re.DOTALL,
)
# Groups that are not a part of the text.
HIDDEN_GROUPS = frozenset(
    b"fonttbl colortbl stylesheet info pict object objdata themedata colorschememapping latentstyles listtable "
    b"listoverridetable rsidtbl generator xmlnstbl datastore fldinst filetbl revtbl fontemb bkmkstart bkmkend "
    b"nonshppict template passwordhash mmathPr pgptbl userprops docvar atnid atnauthor atntime atnref "
    b"atndate".split()
)
# Groups that may be ignored by older programs, but are a part of the text.
SHOWN_GROUPS = frozenset(b"shptxt shpinst shp annotation footnote".split())
TEXTS = {
    b"par": "\n\n", b"sect": "\n\n", b"page": "\n\n", b"line": "\n", b"row": "\n\n", b"cell": " | ", b"nestcell": " | ",
    b"tab": "\t", b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“",
    b"rdblquote": "”", b"bullet": "•", b"emspace": " ", b"enspace": " ",
}  # fmt: skip
SIGNS = {b"~": "\xa0", b"_": "\u2011", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n\n", b"\r": "\n\n"}
# Encodings by the number of the character set of a font.
CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "big5", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
# The separator after the last cell of a row.
ROW_END = re.compile(r"(?: \| )+\n\n")
TITLE = re.compile(rb"\{\\title ([^{}]*)\}")
MAX_GROUPS = 10_000


@dataclass(frozen=True)
class _State:
    """The state of a group.

    Attributes:
        is_hidden: Whether the group is not a part of the text.
        is_invisible: Whether the text has the format "hidden", or was deleted while changes were tracked.
        encoding: The encoding of bytes.
        skipped: How many characters repeat each Unicode character for older programs.
    """

    is_hidden: bool
    is_invisible: bool
    encoding: str
    skipped: int = 1

    @property
    def is_shown(self) -> bool:
        """Whether the text is shown."""
        return not (self.is_hidden or self.is_invisible)


class _Reader:
    """Reads one document."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        page = re.search(rb"\\ansicpg(\d{1,5})", body[:4096])
        self._default = _find_encoding(
            f"cp{page[1].decode()}" if page else "mac_roman" if b"\\mac" in body[:64] else ""
        )
        self._fonts = _read_fonts(body, self._default)
        self._parts: list[str] = []
        self._bytes = bytearray()
        self._states = [_State(False, False, self._default)]
        self._left_out = 0
        self._is_optional = False

    def read(self) -> str:
        """Return the text."""
        position = 0
        while match := _TOKEN.match(self._body, position):
            position = match.end()
            if match["word"] == b"bin":
                position += max(int(match["number"] or 0), 0)
            self._take(match)
        self._flush()
        return ROW_END.sub("\n\n", "".join(self._parts))

    def _take(self, match: re.Match[bytes]) -> None:
        if match["byte"] or match["text"]:
            self._add_bytes(bytes.fromhex(match["byte"].decode()) if match["byte"] else match["text"])
            return
        self._flush()
        if match["group"] == b"{" and len(self._states) < MAX_GROUPS:
            self._states.append(self._states[-1])
        elif match["group"] == b"}" and len(self._states) > 1:
            self._states.pop()
        elif match["sign"] == b"*":
            self._is_optional = True
            return
        elif match["sign"]:
            self._add_text(SIGNS.get(match["sign"], ""))
        elif match["word"]:
            self._apply(match["word"], int(match["number"]) if match["number"] else None)
        self._is_optional = False

    def _apply(self, word: bytes, number: int | None) -> None:
        state = self._states[-1]
        if word in HIDDEN_GROUPS or (self._is_optional and word not in SHOWN_GROUPS):
            self._states[-1] = replace(state, is_hidden=True)
        elif word in {b"v", b"deleted"}:
            self._states[-1] = replace(state, is_invisible=number != 0)
        elif word == b"plain":
            self._states[-1] = replace(state, encoding=self._default, is_invisible=False)
        elif word == b"f":
            self._states[-1] = replace(state, encoding=self._fonts.get(number or 0, self._default))
        elif word == b"uc":
            self._states[-1] = replace(state, skipped=min(max(number or 0, 0), 8))
        elif word == b"u" and number is not None:
            self._left_out = 0
            self._add_text(chr(number % 0x10000))
            self._left_out = state.skipped
        else:
            self._add_text(TEXTS.get(word, ""))

    def _add_bytes(self, body: bytes) -> None:
        dropped = min(self._left_out, len(body))
        self._left_out -= dropped
        if self._states[-1].is_shown:
            self._bytes += body[dropped:]

    def _add_text(self, text: str) -> None:
        if text and self._states[-1].is_shown:
            self._parts.append(text)

    def _flush(self) -> None:
        """Decode the bytes since the last control word; a character can have two."""
        if self._bytes:
            self._parts.append(self._bytes.decode(self._states[-1].encoding, "replace"))
            self._bytes.clear()


def _find_encoding(name: str) -> str:
    try:
        b"".decode(name)
        return name or "cp1252"
    except LookupError:
        return "cp1252"


def _read_fonts(body: bytes, default: str) -> dict[int, str]:
    """Return the encodings of the fonts by their numbers."""
    fonts = re.findall(rb"\{\\f(\d{1,6})[^{}]*?\\fcharset(\d{1,3})", body[:1_000_000])
    return {int(number): CHARSETS.get(int(charset), default) for number, charset in fonts}


def decode_rtf(body: bytes) -> Parts:
    """Yield the text of an RTF document.

    Raises:
        UnreadableMediaError: It is not RTF, or has no text.
    """
    if not body.lstrip().startswith(SIGNATURE):
        raise UnreadableMediaError("damaged or not an RTF document")
    found = TITLE.search(body[:65_536])
    title = _Reader(SIGNATURE + b" " + found[1] + b"}").read().strip() if found else None
    yield from cut_texts([Text(_Reader(body.lstrip()).read(), title or None)])


RTF = DocumentFormat(Format("RTF", (".rtf",), "the text, notes", "images"), decode_rtf, signature=SIGNATURE)
