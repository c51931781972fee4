"""Documents of office programs as PDFs, which LibreOffice writes where it is installed.

`write_pdf` runs in the processes of `search.media.processes`, so its arguments can be pickled.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from search.admission import Admission
from search.errors import UnreadableMediaError
from search.media.processes import MediaProcesses
from search.records import Item, ItemType

# The suffixes of the formats, by the names that users know.
OFFICE_SUFFIXES = {
    "DOCX": (".docx", ".docm", ".dotx", ".dotm"),
    "PPTX": (".pptx", ".pptm", ".ppsx", ".potx"),
    "XLSX": (".xlsx", ".xlsm", ".xltx"),
    "ODT": (".odt",),
    "ODS": (".ods",),
    "ODP": (".odp",),
}
CONVERTED_SUFFIXES = {suffix for suffixes in OFFICE_SUFFIXES.values() for suffix in suffixes}
# Each slide is a page of the PDF, so that the numbers of pages are those of the catalog.
SLIDE_SUFFIXES = {*OFFICE_SUFFIXES["PPTX"], *OFFICE_SUFFIXES["ODP"]}
SLIDE_FILTER = 'pdf:impress_pdf_Export:{"ExportHiddenSlides":{"type":"boolean","value":"true"}}'
# How all these formats begin: they are ZIP archives.
ARCHIVE = b"PK\x03\x04"
PROGRAMS = ("soffice", "libreoffice")
MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
# What LibreOffice may write and compute for one document.
MAX_WRITTEN_BYTES, MAX_CPU_SECONDS = 512 * 1024 * 1024, 120
# How long the programs that limit it have to start.
TRY_SECONDS = 10.0
# Requests that wait while a document is converted.
MAX_WAITING_DOCUMENTS = 3
# Documents that could not be converted; they are not tried again before they change.
MAX_REMEMBERED = 1000
# No macros, and nothing that a document links to, neither files nor addresses. There is no such proxy.
SETTINGS = {
    "Office.Common/Security/Scripting": {
        "DisableMacrosExecution": "true",
        "MacroSecurityLevel": "3",
        "BlockUntrustedRefererLinks": "true",
    },
    "Office.Writer/Content/Update": {"Link": "0", "Field": "false", "Chart": "false"},
    "Office.Calc/Content/Update": {"Link": "1"},
    "Inet/Settings": {
        "ooInetProxyType": "2",
        "ooInetHTTPProxyName": "127.0.0.1",
        "ooInetHTTPProxyPort": "9",
        "ooInetHTTPSProxyName": "127.0.0.1",
        "ooInetHTTPSProxyPort": "9",
    },
}


class Cache(Protocol):
    """Keeps files: `search.file_cache.PreviewCache`."""

    def get(self, path: Path, write: Callable[[Path], None]) -> Path:
        """Return a file, which is written first if it does not exist."""


@cache
def find_office_program() -> str | None:
    """Return the path of LibreOffice, None if it is not installed. It is searched once in the life of a process."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def has_pages(item: Item) -> bool:
    """Return whether pages of an item can be drawn: it is a PDF, or an office document that can be converted."""
    suffix = Path(item.path).suffix.lower()
    if item.type is not ItemType.DOCUMENT:
        return False
    return suffix == ".pdf" or (suffix in CONVERTED_SUFFIXES and find_office_program() is not None)


class OfficePdfs:
    """PDFs of office documents, one of which is written at a time when it is first requested. Thread-safe."""

    def __init__(self, cache: Cache, processes: MediaProcesses) -> None:
        """Prepare to convert.

        Args:
            cache: Keeps the PDFs.
            processes: Where LibreOffice is run.
        """
        self._cache, self._processes = cache, processes
        self._admission = Admission("office documents", 1, MAX_WAITING_DOCUMENTS)
        self._failures: dict[Path, str] = {}

    def get(self, source: Path, target: Path) -> Path:
        """Return the PDF of a document.

        Args:
            source: The document.
            target: The path of the PDF in the cache; another one for each state of the document.

        Returns:
            `target`; `source` if it is not an office document, or LibreOffice is not installed.

        Raises:
            UnreadableMediaError: LibreOffice cannot convert the document.
            MediaLimitError: It needs too much memory or time for that.
            BusyError: Too many other documents are being converted.
            DeadlineError: The deadline of the request has passed.
        """
        program = find_office_program()
        if program is None or source.suffix.lower() not in CONVERTED_SUFFIXES:
            return source
        if target.exists():
            return self._cache.get(target, lambda _partial: None)
        with self._admission.enter():
            # Another request may have converted it meanwhile, or tried to.
            if (failure := self._failures.get(target)) is not None:
                raise UnreadableMediaError(failure)
            try:
                return self._cache.get(target, lambda partial: self._convert(program, source, partial))
            except UnreadableMediaError as error:
                self._remember(target, error)
                raise

    def _convert(self, program: str, source: Path, partial: Path) -> None:
        # This process removes the folder, since the one that fills it can be killed at any time.
        with TemporaryDirectory(prefix="crossmodal-office-") as folder:
            self._processes.call(write_pdf, program, source, partial, Path(folder))

    def _remember(self, target: Path, error: UnreadableMediaError) -> None:
        while len(self._failures) >= MAX_REMEMBERED:
            del self._failures[next(iter(self._failures))]
        self._failures[target] = str(error)


def write_pdf(program: str, source: Path, target: Path, folder: Path) -> None:
    """Convert an office document to a PDF.

    LibreOffice has its own profile, reads a copy of the document, and cannot reach the network. The caller limits its
    time and its memory.

    Args:
        program: The path of LibreOffice.
        source: The document.
        target: The PDF, which is written.
        folder: An empty folder for the profile and the copy.

    Raises:
        UnreadableMediaError: LibreOffice cannot convert the document, or it is too large.
        OSError: The document cannot be read, or the PDF cannot be written.
    """
    if source.stat().st_size > MAX_DOCUMENT_BYTES:
        raise UnreadableMediaError(f"the document is larger than the limit of {MAX_DOCUMENT_BYTES >> 20} MiB")
    _require_archive(source)
    suffix = source.suffix.lower()
    # A copy: LibreOffice writes a lock file next to a document, and links in it are relative to its folder.
    document = folder / f"document{suffix}"
    shutil.copyfile(source, document)
    profile = folder / "profile"
    _write_settings(profile / "user" / "registrymodifications.xcu")
    options = ["--headless", "--norestore", "--nolockcheck", f"-env:UserInstallation={profile.as_uri()}"]
    filter_name = SLIDE_FILTER if suffix in SLIDE_SUFFIXES else "pdf"
    command = [
        *_find_isolation(),
        program,
        *options,
        "--convert-to",
        filter_name,
        "--outdir",
        str(folder),
        str(document),
    ]
    environment = {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"}
    # In the process group of this process, so that both end together.
    subprocess.run(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    written = document.with_suffix(".pdf")
    if not written.exists():
        raise UnreadableMediaError("LibreOffice cannot convert the document to pages")
    shutil.move(written, target)


def _require_archive(source: Path) -> None:
    """Check that a document is no RTF with another name: LibreOffice reads the files of this machine that RTF names."""
    with source.open("rb") as file:
        if file.read(len(ARCHIVE)) != ARCHIVE:
            raise UnreadableMediaError("the document is damaged, or of another format than its name says")


def _write_settings(path: Path) -> None:
    """Write the settings of a profile."""
    items = "".join(
        f'<item oor:path="/org.openoffice.{node}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop>'
        "</item>"
        for node, values in SETTINGS.items()
        for name, value in values.items()
    )
    path.parent.mkdir(parents=True)
    path.write_text(f'<oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>')


@cache
def _find_isolation() -> tuple[str, ...]:
    """Return the command that runs another one with further limits and without network, as far as the system allows.

    The limits also end a process that goes on after the server was killed.
    """
    limited = ("prlimit", f"--fsize={MAX_WRITTEN_BYTES}", f"--cpu={MAX_CPU_SECONDS}", "--")
    unconnected = ("unshare", "--user", "--map-root-user", "--net", "--")
    return tuple(word for command in (limited, unconnected) if _can_run(command) for word in command)


def _can_run(command: tuple[str, ...]) -> bool:
    """Return whether a command can run another one."""
    try:
        done = subprocess.run([*command, "true"], capture_output=True, check=False, timeout=TRY_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
