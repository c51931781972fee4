"""Documents of office programs from their XML, so that tests decide on every element."""

from tests.support.formats import zip_files

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
STRICT_WORD = "http://purl.oclc.org/ooxml/wordprocessingml/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"
ODF = "urn:oasis:names:tc:opendocument:xmlns:"
NAMESPACES = (
    f'xmlns:w="{WORD}" xmlns:r="{RELATIONS}" xmlns:a="{DRAWING}" xmlns:p="{SLIDE}" xmlns:c="{CHART}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)


MAIN_TYPES = {
    "word": "wordprocessingml.document",
    "xl": "spreadsheetml.sheet",
    "ppt": "presentationml.presentation",
}


def make_types(main):
    """Return the part of content types for a main part; the readers of other programs need it."""
    kind = f"application/vnd.openxmlformats-officedocument.{MAIN_TYPES[main.split('/')[0]]}.main+xml"
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{main}" ContentType="{kind}"/></Types>'
    )


def make_relations(targets):
    """Return a part of relations from their kinds and targets; their ids are r1, r2 and so on."""
    rows = "".join(
        f'<Relationship Id="r{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{PACKAGE}">{rows}</Relationships>'


def make_word(body, parts=(), main="word/document.xml", separator="/", namespace=WORD):
    """Return a DOCX with a body and further parts, given as kind, name and content."""
    files = {
        "[Content_Types].xml": make_types(main),
        "_rels/.rels": make_relations([("officeDocument", main)]),
        main: f"<w:document {NAMESPACES.replace(WORD, namespace)}><w:body>{body}</w:body></w:document>",
        main.replace("word/", "word/_rels/") + ".rels": make_relations([(kind, name) for kind, name, _ in parts]),
    }
    files |= {f"word/{name}": content for _, name, content in parts}
    return zip_files({name.replace("/", separator): content for name, content in files.items()})


def make_paragraph(text):
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def make_book(sheet, strings="", styles="", parts=(), workbook=""):
    """Return an XLSX with one sheet, and parts that the sheet refers to."""
    files = {
        "[Content_Types].xml": make_types("xl/workbook.xml"),
        "_rels/.rels": make_relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{RELATIONS}">{workbook}'
        '<sheets><sheet name="Costs" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": make_relations(
            [("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"), ("styles", "styles.xml")]
        ),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}">{sheet}</worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{SHEET}">{strings}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{SHEET}">{styles}</styleSheet>',
        "xl/worksheets/_rels/sheet1.xml.rels": make_relations([(kind, f"../{name}") for kind, name, _ in parts]),
    }
    return zip_files(files | {f"xl/{name}": content for _, name, content in parts})


def make_slides(slides, notes=(), parts=()):
    """Return a PPTX from the shapes of its slides; parts belong to the first slide, as kind, name and content."""
    references = "".join(f'<p:sldId id="{256 + number}" r:id="r{number}"/>' for number, _ in enumerate(slides, 1))
    files = {
        "[Content_Types].xml": make_types("ppt/presentation.xml"),
        "_rels/.rels": make_relations([("officeDocument", "ppt/presentation.xml")]),
        "ppt/presentation.xml": f"<p:presentation {NAMESPACES}><p:sldIdLst>{references}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": make_relations(
            [("slide", f"slides/slide{number}.xml") for number, _ in enumerate(slides, 1)]
        ),
        "ppt/slides/_rels/slide1.xml.rels": make_relations([(kind, f"../{name}") for kind, name, _ in parts]),
    }
    for number, shapes in enumerate(slides, 1):
        tree = f"<p:cSld><p:spTree>{shapes}</p:spTree></p:cSld>"
        files[f"ppt/slides/slide{number}.xml"] = f"<p:sld {NAMESPACES}>{tree}</p:sld>"
    return zip_files(files | {f"ppt/{name}": content for _, name, content in parts})


def make_shape(text, placeholder=""):
    mark = f'<p:nvPr><p:ph type="{placeholder}"/></p:nvPr>' if placeholder else ""
    return f"<p:sp><p:nvSpPr>{mark}</p:nvSpPr><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"


def make_open_document(kind, body, styles="", files=None):
    """Return an OpenDocument from the body of its content and its styles."""
    names = ("office", "text", "table", "drawing", "presentation", "style", "meta")
    prefixes = {"drawing": "draw"}
    declared = " ".join(f'xmlns:{prefixes.get(name, name)}="{ODF}{name}:1.0"' for name in names)
    declared += ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return zip_files(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {declared}><office:body>{body}</office:body>"
            "</office:document-content>",
            "styles.xml": f"<office:document-styles {declared}>{styles}</office:document-styles>",
            **{name: content.replace("{declared}", declared) for name, content in (files or {}).items()},
        }
    )
