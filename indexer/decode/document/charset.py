"""Detection of the character encoding of a text that is not marked with it.

Texts in UTF-8 and UTF-16 are recognized by their structure, even with some wrong bytes. For older encodings, each
candidate is scored by how well the decoded letters fit a language that is written in it; charset_normalizer decides
when none fits.
"""

import re
import unicodedata
from collections.abc import Iterator

from search.errors import UnreadableMediaError

MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# The switch to two-byte characters in ISO-2022-JP, which is ASCII otherwise; old mails use it.
JAPANESE_ESCAPES = (b"\x1b$B", b"\x1b$@")
# Control characters that texts do not contain. A text may have up to this share of them, as damage.
CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]|\0+")
MAX_CONTROLS, MAX_CONTROL_SHARE = 2, 0.02
# What browsers read in place of some declared encodings: larger sets of characters that contain them.
WEB_ENCODINGS = {
    "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252", "ascii": "cp1252", "us-ascii": "cp1252",
    "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874", "gb2312": "gb18030", "gbk": "gb18030",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "ks_c_5601-1987": "cp949", "euc-kr": "cp949",
    "big5": "big5hkscs", "x-gbk": "gb18030", "windows-31j": "cp932", "x-mac-cyrillic": "mac_cyrillic",
    "macintosh": "mac_roman",
}  # fmt: skip
# A declared encoding is ignored if more than this share of the characters is wrong.
MAX_WRONG_SHARE = 0.01
# The number of bytes that are examined, and that are decoded by each candidate.
SAMPLE_BYTES, CANDIDATE_BYTES = 65_536, 8_192
# UTF-16 has zeros at every other place, at least at this share of the places; only at a few if it is Chinese.
MIN_ZERO_SHARE, MIN_ZERO_SHARE_IDEOGRAPHIC, MIN_PRINTABLE_SHARE = 0.25, 0.01, 0.95
# A text is UTF-8 if it has at least this many valid characters of several bytes for each wrong one.
MIN_VALID_PER_WRONG = 1
MAX_COUNTED_BYTES = 16 * 1024 * 1024
NOT_ASCII = bytes(range(0x80, 0x100))
MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Letters beyond ASCII by language, the most frequent ones first, grouped by the encodings that have them. The first
# encoding of equally good ones is chosen.
LATIN_WEST = "éèàêçôûîùâïëœæ üäöß óíáéñúü¿¡ºª ãçáéóêíõâúôàº èàùìòéº åäöøæé áðéíóúýþæö äõüöšž éëïóè"
LATIN_CENTRAL = "łąęóśżćńź íáéěřůýčšžúťďňóôľĺŕä áéöóőüíúű ăîâşţ čšžćđ"
CYRILLIC = (
    "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё оаинівректслдмупзьбгячйхшжцюїєщфґ аоиентрсвлпкдмзгъубячйжцхщшюфь "
    "аиоенрјтскудвмплзбгњцљчшђћжџхф аоиентрсвлкдмпузыбьгячйхжшюцщэфўі"
)
ALPHABETS = (
    (("cp1252", "mac_roman", "cp850"), LATIN_WEST),
    (("cp1250", "iso8859_2", "cp852"), LATIN_CENTRAL),
    (("cp1251", "koi8_r", "koi8_u", "cp866", "iso8859_5", "mac_cyrillic"), CYRILLIC),
    (("cp1253", "iso8859_7", "cp737"), "αοιετσνηυρπκμλςάίόέήύώδγθβφχξζψϊϋΐΰ"),
    (("cp1254", "cp857"), "ıüşçöğâîû"),
    (("cp1257",), "āīšēņļūčžģķ ėšžųūčįąę"),
    (("cp1255", "cp862"), "יוהלארתבמשנעםדחקפטכגזסןצךףץ"),
    (("cp1256", "iso8859_6"), "ايلمنرتبةعدسفهكقحجشطصخأىذزءضغثئإظآؤ،؟؛ ایردنهمتوشسبکزلخگفپقآعجحصطچغضظئثذژ،؟؛"),
    (("cp874",), "านรกเอ่งมยลวดทตส้ะปบคหแจพชขใโไผศธณซภถฟสษญฐฉุูัิีืึ์็ำๆฯฎฏฑฒฆฬฮฝฤ๊๋ํ"),
)
# Two-byte encodings, with the one by which a character counts as common, and the first bytes of common characters.
# Korean comes first: its common characters are also common ones in Chinese, but rarely the other way round.
IDEOGRAPHIC = (
    ("cp949", "euc_kr", range(0xA1, 0xC9)),
    ("gb18030", "gb2312", range(0xA1, 0xD8)),
    ("big5hkscs", "big5", range(0xA1, 0xC7)),
)
MIN_KOREAN_CHARACTERS = 3
# Japanese is recognized by its syllables.
JAPANESE = ("cp932", "euc_jp")
MIN_KANA_SHARE = 0.2
# Scores of ideographic encodings are multiplied by this: an alphabet that fits completely is better evidence.
IDEOGRAPHIC_WEIGHT = 0.97
MIN_FIT = 0.9
FREQUENCY_WEIGHT = 0.2
# The score is multiplied by this if the letters belong to several languages, as in a list of names.
MIXED_WEIGHT = 0.95
# UTF-16 and UTF-32 are recognized before, so a match would be wrong.
UNLIKELY_ENCODINGS = ["utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_7"]
NEUTRAL = frozenset("–—‘’‚“”„…•«»‹›·°§©®™€£¥¢±×÷½¼¾²³µ¶†‡\xa0\xad№´`")


def decode_text(body: bytes) -> str:
    """Decode a text, detecting its character encoding.

    A line of UTF-8 with wrong bytes is decoded by an older encoding if it is completely in one; other wrong bytes
    become replacement characters. A zero is left out; a run of zeros becomes a line end, except in UTF-16 and UTF-32.

    Raises:
        UnreadableMediaError: The content is binary, or in an unknown encoding.
    """
    for mark, encoding in MARKS:
        if body.startswith(mark):
            return body.decode(encoding, "replace").replace("\0", "")
    if b"\0" in body[:SAMPLE_BYTES] and (unmarked := _find_utf16(body)):
        return body.decode(unmarked, "replace").replace("\0", "")
    body = _drop_controls(body)
    if any(escape in body for escape in JAPANESE_ESCAPES):
        return body.decode("iso2022_jp", "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return _decode_mixed(body) if is_mostly_utf8(body) else _decode_legacy(body)


def is_mostly_utf8(body: bytes) -> bool:
    """Return whether a text is UTF-8, apart from some wrong bytes. False for ASCII with wrong bytes."""
    valid, wrong = _count_multibyte(body)
    return valid > 0 and valid >= MIN_VALID_PER_WRONG * wrong


def decode_declared(body: bytes, declared: str | None) -> str:
    """Decode a text that names its encoding. Web pages are often in UTF-8 although they name another.

    Args:
        body: The text.
        declared: The name of the encoding, if there is one.

    Raises:
        UnreadableMediaError: The content is binary, or in an unknown encoding.
    """
    name = (declared or "utf-16").strip().lower()
    # A declaration that can be read as ASCII is wrong if it names UTF-16.
    is_wrong = name.startswith(("utf-16", "utf-32")) or body.startswith(tuple(mark for mark, _ in MARKS))
    if is_wrong or is_mostly_utf8(body):
        return decode_text(body)
    try:
        text = body.decode(WEB_ENCODINGS.get(name, name), "replace")
    except LookupError:
        return decode_text(body)
    wrong = text.count("\ufffd")
    return decode_text(body) if wrong > MAX_WRONG_SHARE * len(text) else text.replace("\0", "")


def _count_multibyte(body: bytes) -> tuple[int, int]:
    """Return the number of valid characters of several bytes, and of other bytes beyond ASCII, at the beginning."""
    rest, valid = MULTIBYTE.subn(b"", body[:MAX_COUNTED_BYTES])
    return valid, len(rest) - len(rest.translate(None, NOT_ASCII))


def _find_utf16(body: bytes) -> str | None:
    """Return the encoding of UTF-16 without a mark: ASCII characters and line ends have a zero at the same side."""
    sample = body[: min(len(body), SAMPLE_BYTES) // 2 * 2]
    places = {"utf-16-be": sample[::2].count(0), "utf-16-le": sample[1::2].count(0)}
    encoding, other = sorted(places, key=lambda name: -places[name])
    share = MIN_ZERO_SHARE_IDEOGRAPHIC if not _is_utf8(body) else MIN_ZERO_SHARE
    if places[encoding] < share * len(sample) / 2 or places[other] > places[encoding] / 20:
        return None
    text = sample.decode(encoding, "replace")
    printable = sum(character.isprintable() or character.isspace() for character in text if character != "\ufffd")
    return encoding if printable >= MIN_PRINTABLE_SHARE * len(text) else None


def _drop_controls(body: bytes) -> bytes:
    """Return a text without zeros; a run of several zeros, as a crash leaves in a log, becomes a line end.

    Raises:
        UnreadableMediaError: The content is binary.
    """
    sample = body[:SAMPLE_BYTES]
    if len(CONTROLS.findall(sample)) > max(MAX_CONTROLS, MAX_CONTROL_SHARE * len(sample)):
        raise UnreadableMediaError("not a text: the content is binary")
    return re.sub(rb"\0\0+", b"\n", body).replace(b"\0", b"") if b"\0" in body else body


def _decode_mixed(body: bytes) -> str:
    """Decode UTF-8 with wrong bytes; lines that are completely in an older encoding are decoded by that."""
    lines = body.split(b"\n")
    wrong = [index for index, line in enumerate(lines) if not _is_utf8(line) and not is_mostly_utf8(line)]
    legacy = _decode_legacy(b"\n".join(lines[index] for index in wrong)).split("\n") if wrong else []
    replaced = dict(zip(wrong, legacy, strict=False))
    return "\n".join(replaced.get(index) or line.decode("utf-8", "replace") for index, line in enumerate(lines))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decode_legacy(body: bytes) -> str:
    lines = body[: 16 * SAMPLE_BYTES].split(b"\n")
    sample = b"\n".join(line for line in lines if not line.isascii())[:CANDIDATE_BYTES]
    best = max(_score_encodings(sample), key=lambda scored: scored[0], default=None)
    if best is not None and best[0] >= MIN_FIT:
        return body.decode(best[1], "replace")
    import charset_normalizer

    match = charset_normalizer.from_bytes(body, cp_exclusion=UNLIKELY_ENCODINGS).best()
    if match is None:
        raise UnreadableMediaError("not a text in any known character encoding")
    return str(match)


def _score_encodings(sample: bytes) -> Iterator[tuple[float, str]]:
    """Yield the score of each encoding that the sample can be in, about 0 to 1.2, the preferred ones first."""
    for encodings, alphabets in ALPHABETS:
        for encoding in encodings:
            if (text := _decode_sample(sample, encoding)) is not None:
                mixed = MIXED_WEIGHT * _score_alphabet(text, "".join(dict.fromkeys(alphabets.replace(" ", ""))))
                yield max(mixed, *(_score_alphabet(text, alphabet) for alphabet in alphabets.split())), encoding
    for encoding, common, first_bytes in IDEOGRAPHIC:
        if (text := _decode_sample(sample, encoding)) is not None:
            # A character between small Latin letters is a Latin one in another encoding.
            found = [match[0] for match in re.finditer(r"(?<![a-z])[^\0-\x7f](?![a-z])", text)]
            count = len(re.findall(r"[^\0-\x7f]", text))
            if encoding == "cp949" and count < MIN_KOREAN_CHARACTERS:
                continue
            fit = sum(_is_common(character, common, first_bytes) for character in found) / max(count, 1)
            yield (IDEOGRAPHIC_WEIGHT + FREQUENCY_WEIGHT) * fit, encoding
    for encoding in JAPANESE:
        if (text := _decode_sample(sample, encoding)) is not None:
            found = [character for character in text if not character.isascii()]
            kana = sum("\u3040" <= character <= "\u30ff" for character in found) / max(len(found), 1)
            narrow = sum("\uff61" <= character <= "\uff9f" for character in found) / max(len(found), 1)
            yield (1 - narrow) * (1 + FREQUENCY_WEIGHT) if kana >= MIN_KANA_SHARE else 0.0, encoding


def _decode_sample(sample: bytes, encoding: str) -> str | None:
    # The sample can end within a character.
    for cut in range(3):
        try:
            return sample[: len(sample) - cut].decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _is_common(character: str, encoding: str, first_bytes: range) -> bool:
    try:
        return character.encode(encoding)[0] in first_bytes
    except UnicodeEncodeError:
        return False


def _score_alphabet(text: str, alphabet: str) -> float:
    """Return how well the letters beyond ASCII fit an alphabet: 1 if all belong to it, more if they are frequent."""
    ranks = {letter: rank for rank, letter in enumerate(alphabet)}
    is_latin = unicodedata.name(alphabet[0]).startswith("LATIN")
    good, frequency, total, pairs = 0, 0.0, 0, 0
    previous = " "
    for character in text:
        before, previous = previous, character
        if character.isascii():
            continue
        total += 1
        if character in NEUTRAL:
            good += 1
            continue
        rank = ranks.get("ı" if character == "İ" else character.lower())
        if rank is None or (character.isupper() and before.islower()):
            continue
        if is_latin or not (before.isascii() and before.isalpha()):
            good += 1
            pairs += before.lower() in ranks
            # A text with mostly capital letters is rare.
            frequency += (1 - rank / len(ranks)) * (0.5 if character.isupper() else 1)
    # In other scripts, letters do not only stand alone.
    return (good + FREQUENCY_WEIGHT * frequency) / max(total, 1) if is_latin or pairs else 0.0
