"""Titles in metadata that say nothing: what a program writes if nobody enters one."""

import re

# The names of new documents in the programs that most people use, and the defaults of cameras, without their numbers.
_DEFAULT = re.compile(
    r"""
    blank | book | bookmark | brochure | canvas | default | default\ title | diagram | doc | document | drawing |
    dokument | documento | export | file | flyer | folie | form | image | img | layout | letter | mappe | newsletter |
    no\ title | none | null | page | picture | photo | pdf | print | presentation | presentación | présentation |
    präsentation | scan | scanned\ (document|image) | sheet | slide | spreadsheet | tabelle | template | title |
    titel | titre | título | text | unbenannt | unknown | unnamed | untitled(\ (document|presentation|spreadsheet))? |
    word\ document | powerpoint\ presentation | powerpoint-präsentation | powerpoint-presentatie |
    présentation\ powerpoint | presentación\ de\ powerpoint |
    microsoft\ (word(\ document)?|powerpoint|excel|office) | excel\ worksheet | new\ (document|presentation) |
    neues\ dokument | nouveau\ document | sans\ (titre|nom) | sin\ título | senza\ titolo | sem\ título |
    ohne\ (titel|namen) | workbook | classeur | libro | hoja | zeszyt |
    无标题 | 无标题文档 | 未命名 | 文档 | 新建文档 | 演示文稿 | 工作簿 | 幻灯片 | 扫描 | 扫描件 | 無題 | 名称未設定 |
    olympus\ digital\ camera | sony\ (dsc|digital\ still\ camera) | digital\ camera |
    konica\ minolta\ digital\ camera | dcf\ image
    """,
    re.IGNORECASE | re.VERBOSE,
)
# "Microsoft Word - letter.doc": a printer driver writes the program and the name of the source file.
_PRINTED = re.compile(
    r"(microsoft (office )?(word|powerpoint|excel|publisher|outlook)|powerpoint|word) ?[-–—:] .*", re.IGNORECASE
)
# The name of a source file, an address, or no letters at all.
_FILE_NAME = re.compile(
    r"\S+\.(docx?|docm|dotx?|rtf|odt|pptx?|odp|xlsx?|ods|pdf|tex|dvi|ps|indd|qxd|pmd|pages|key|cdr|ai|tiff?|jpe?g|png)"
    r"|about:blank|https?://\S+|[\W\d_]*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[\s_.#-]*[(（]?\d*[)）]?$")


def is_generic(title: str) -> bool:
    """Return whether a title says nothing about what it is the title of, so that the file name is better.

    Args:
        title: The title, such as "Word Document" or "Microsoft Word - letter.doc".
    """
    text = " ".join(title.split()).strip("<>[]\"'")
    is_default = _DEFAULT.fullmatch(_NUMBER.sub("", text)) is not None
    return is_default or bool(_PRINTED.fullmatch(text) or _FILE_NAME.fullmatch(text))
