"""Titles in metadata that say nothing: what a program writes if nobody enters one."""

import re

# In lower case, without a number at the end. The names of new documents in the programs that most people use.
_DEFAULTS = frozenset(
    "blank book bookmark brochure canvas default diagram doc document drawing dokument documento export file flyer "
    "folie form image img layout letter mappe newsletter no\xa0title none null page picture photo pdf print presentation "
    "presentación présentation präsentation scan scanned\xa0document scanned\xa0image sheet slide spreadsheet tabelle "
    "template title titel titre título text unbenannt unknown unnamed untitled untitled\xa0document "
    "untitled\xa0presentation untitled\xa0spreadsheet word\xa0document powerpoint\xa0presentation powerpoint-präsentation "
    "powerpoint-presentatie présentation\xa0powerpoint presentación\xa0de\xa0powerpoint microsoft\xa0word "
    "microsoft\xa0word\xa0document microsoft\xa0powerpoint microsoft\xa0excel microsoft\xa0office excel\xa0worksheet "
    "new\xa0document new\xa0presentation neues\xa0dokument nouveau\xa0document sans\xa0titre sans\xa0nom sin\xa0título "
    "senza\xa0titolo sem\xa0título ohne\xa0titel ohne\xa0namen workbook classeur libro hoja zeszyt "
    "无标题 无标题文档 未命名 文档 新建文档 演示文稿 工作簿 幻灯片 幻灯片编号 扫描 扫描件 無題 名称未設定 "
    "olympus\xa0digital\xa0camera sony\xa0dsc sony\xa0digital\xa0still\xa0camera digital\xa0camera "
    "konica\xa0minolta\xa0digital\xa0camera dcf\xa0image default\xa0title".split(" ")
)
# "Microsoft Word - letter.doc": a printer driver writes the program and the name of the source file.
_PRINTED = re.compile(
    r"(microsoft (office )?(word|powerpoint|excel|publisher|outlook)|powerpoint|word) ?[-–—:] .*", re.I
)
# The name of a file, or of no page.
_FILE_NAME = re.compile(
    r"[^\s/]+\.(docx?|docm|dotx?|rtf|odt|pptx?|odp|xlsx?|ods|pdf|tex|dvi|ps|indd|qxd|pmd|pages|key|cdr|ai|tiff?|jpe?g|png)"
    r"|about:blank|https?://\S+|[\W\d_]+",
    re.I,
)
_NUMBER = re.compile(r"[\s_.#-]*[(（]?\d*[)）]?$")


def is_generic(title: str) -> bool:
    """Return whether a title says nothing about what it is the title of, so that the file name is better.

    Args:
        title: The title, such as "Word Document" or "Microsoft Word - letter.doc".
    """
    text = " ".join(title.split()).strip("<>[]\"'")
    plain = _NUMBER.sub("", text).casefold().replace(" ", "\xa0")
    return plain in _DEFAULTS or not plain or bool(_PRINTED.fullmatch(text) or _FILE_NAME.fullmatch(text))
