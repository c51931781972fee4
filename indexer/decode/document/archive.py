"""Documents that are ZIP archives of XML files: Office Open XML, OpenDocument and EPUB."""

import io
import posixpath
import zipfile
import zlib
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote

from search.errors import UnreadableMediaError

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_UNPACKED_BYTES = 256 * 1024 * 1024
# The first bytes of the older binary formats of Microsoft Office, and of Office documents with a password.
COMPOUND_FILE = b"\xd0\xcf\x11\xe0"
# The name of the stream of an encrypted document in a compound file, in UTF-16.
ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
PASSWORD_MESSAGE = "the document is protected with a password. Save a copy without it"  # noqa: S105


class Archive:
    """The members of a document that is a ZIP archive.

    Names are compared as office programs do: case, percent-encoding and the kind of slash do not matter.
    """

    def __init__(self, body: bytes) -> None:
        """Open the archive.

        Raises:
            UnreadableMediaError: The document has a password, or is in an older format.
            zipfile.BadZipFile: It is not a ZIP archive.
        """
        if body.startswith(COMPOUND_FILE):
            old = "the document is in an older, binary format. Save a copy in the newer format"
            raise UnreadableMediaError(PASSWORD_MESSAGE if ENCRYPTED_STREAM in body else old)
        self._zip = zipfile.ZipFile(io.BytesIO(body))
        self._left = MAX_UNPACKED_BYTES
        self.names = {make_key(name): name for name in self._zip.namelist()}

    def __enter__(self) -> Self:
        """Return the archive."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the archive."""
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        """Return whether there is a member of this name."""
        return make_key(name) in self.names

    def read(self, name: str) -> bytes:
        """Return the content of a member.

        Raises:
            KeyError: There is no such member.
            UnreadableMediaError: The member is damaged or encrypted, or all that was read would become too large.
        """
        entry = self._zip.getinfo(self.names[make_key(name)])
        self._left -= entry.file_size
        if self._left < 0:
            raise UnreadableMediaError(f"larger than the limit of {MAX_UNPACKED_BYTES // 2**20} MiB when unpacked")
        try:
            return self._zip.read(entry)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise UnreadableMediaError(f"damaged: {name}: {error}") from error
        except RuntimeError as error:  # how zipfile reports a member with a password
            raise UnreadableMediaError(PASSWORD_MESSAGE) from error

    def read_xml(self, name: str) -> "_Element":
        """Return the root of a member in XML. Errors in the XML are tolerated as far as possible.

        Raises:
            KeyError: There is no such member.
            UnreadableMediaError: The member is damaged, encrypted or not XML.
        """
        return parse_xml(self.read(name), name)

    def iterate_xml(self, name: str, tags: Collection[str]) -> Iterator["_Element"]:
        """Yield the elements of some names of a member in XML, each when it is complete, in constant memory.

        Raises:
            KeyError: There is no such member.
            UnreadableMediaError: The member is damaged or encrypted. Damage after the first element ends the iteration.
        """
        from lxml import etree

        source, is_empty = io.BytesIO(self.read(name)), True
        wanted = [f"{{*}}{tag}" for tag in tags]
        options = {"resolve_entities": False, "no_network": True, "recover": True, "huge_tree": True}
        try:
            for _, element in etree.iterparse(source, tag=wanted, **options):
                is_empty = False
                yield element
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
        except etree.LxmlError as error:
            if is_empty:
                raise UnreadableMediaError(f"damaged: {name}: {error}") from error

    def find_xml(self, name: str) -> "_Element | None":
        """Return the root of a member in XML, None if it does not exist or is damaged."""
        try:
            return self.read_xml(name)
        except (KeyError, UnreadableMediaError):
            return None


def parse_xml(body: bytes, name: str) -> "_Element":
    """Return the root of a document in XML. Errors are tolerated as far as possible.

    Args:
        body: The document.
        name: Its name, for the message.

    Raises:
        UnreadableMediaError: It is not XML.
    """
    from lxml import etree

    # A text of more than 10 MB is refused without `huge_tree`; the callers limit the size.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError) as error:
        raise UnreadableMediaError(f"damaged: {name}: {error}") from error
    if root is None:
        raise UnreadableMediaError(f"damaged: {name} is not XML")
    return root


def join_path(folder: str, target: str) -> str:
    """Return the name of a member from a reference to it in a member of a folder."""
    path = posixpath.join(folder, target.replace("\\", "/").split("#")[0])
    return posixpath.normpath(path).lstrip("/")


def get_name(element: "_Element") -> str:
    """Return the name of an element without its namespace; empty for comments and the like."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def get_attribute(element: "_Element", name: str) -> str | None:
    """Return an attribute by its name without its namespace."""
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), None)


def make_key(name: str) -> str:
    """Return the form of a name in which names are compared."""
    return unquote(name).replace("\\", "/").lstrip("/").casefold()
