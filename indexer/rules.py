"""Which files and folders of a source are read: names of leftovers and system folders, and patterns of users."""

import os
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from indexer.entries import list_names
from search.exclusion import Match, Patterns
from search.paths import is_below
from search.protected import SECRET_NAMES, SECRET_SUFFIXES, explain_protected_file, explain_protected_folder
from search.records import Source

# Files with patterns for the folder that they are in, and for the folders below.
IGNORE_FILES = (".ignore", ".crossmodalignore")
MAX_IGNORE_FILE_BYTES = 256 * 1024
# Its presence means that a folder is not meant to be shown.
MARKER = ".nomedia"

HIDDEN_FILE, HIDDEN_FOLDER = "hidden file", "hidden folder"
UNFINISHED = "unfinished download or transfer"
TEMPORARY = "temporary file of a program"
BACKUP = "backup copy of an editor"
LOCK = "lock file of an office program"
TRASH = "in the trash"
DESKTOP = "settings of a file manager"

# Reasons by suffix, in lower case. The suffix begins at the last dot.
_REASONS_BY_SUFFIX = dict.fromkeys(
    (
        *(".part", ".partial", ".crdownload", ".download", ".opdownload", ".filepart", ".fdmdownload", ".ytdl"),
        *(".aria2", ".!ut", ".!qb", ".bc!", ".xltd", ".!sync", ".drivedownload"),
    ),
    UNFINISHED,
) | dict.fromkeys((".tmp", ".temp", ".swp", ".swo"), TEMPORARY)
# Further names. The first expression that matches decides.
_REASONS_BY_NAME = tuple(
    (re.compile(expression, re.IGNORECASE | re.DOTALL), reason)
    for expression, reason in (
        (r"~\$.+", LOCK),
        (r"\.~lock\..+#", LOCK),
        (r"\.trashed-.+", TRASH),
        (r"\.pending-.+", UNFINISHED),
        (r"[.~]syncthing[.~].+", UNFINISHED),
        (r".+\.part-frag\d+(\.part)?", UNFINISHED),
        (r"\..+\.[a-z0-9]{3,5}\.[a-z0-9]{6}", UNFINISHED),  # rsync: `.name.jpg.Ab3dEf`
        (r".+\.\w+_original", BACKUP),  # ExifTool
        (r".+_exiftool_tmp", TEMPORARY),
        (r".+~", BACKUP),
        (r"#.+#", BACKUP),
        (r".+\.\w{2,5}\.(bak|old|orig)", BACKUP),
        (r"\._.+", "metadata of macOS about another file"),
        (r"(thumbs|ehthumbs|ehthumbs_vista)\.db|desktop\.ini|\.?picasa\.ini|\.ds_store|icon\r", DESKTOP),
    )
)
# Only names with one of these signs are compared with the expressions.
_SIGNS = frozenset("~#.")
_ENDINGS = frozenset("~#\r")
_ODD_SUFFIXES = SECRET_SUFFIXES.union((".bak", ".old", ".orig", ".db", ".ini"), _REASONS_BY_SUFFIX)
MAX_USUAL_SUFFIX_LENGTH = 6

NAS = "folder that a network storage writes"
RECYCLE_BIN = "recycle bin"
SYSTEM = "folder of the operating system"
VERSIONS = "version control"
# Reasons by the name of a folder, in lower case.
_FOLDERS = (
    dict.fromkeys(
        (
            *("@eadir", "#snapshot", "@recently-snapshot", "@thumb", ".@__thumb", "@tmp", "@sharesnap"),
            *(".appledouble", ".zfs", ".snapshot", ".snapshots", "@synoresource"),
        ),
        NAS,
    )
    | dict.fromkeys(
        ("#recycle", "@recycle", "$recycle.bin", "recycler", "recycled", ".trash", ".trashes", ".recycle"), RECYCLE_BIN
    )
    | dict.fromkeys(
        (
            *("lost+found", "system volume information", "lost.dir", "__macosx", "network trash folder"),
            *("temporary items", ".temporaryitems", ".spotlight-v100", ".fseventsd", ".documentrevisions-v100"),
        ),
        SYSTEM,
    )
    | dict.fromkeys((".thumbnails", ".thumbcache", ".sh_thumbnails"), "thumbnails that a program wrote")
    | dict.fromkeys((".git", ".svn", ".hg", ".bzr", "_darcs", ".jj"), VERSIONS)
    | dict.fromkeys((".stfolder", ".stversions", ".~tmp~", ".rsync-partial", ".sync"), UNFINISHED)
)


@dataclass(frozen=True)
class Obstacle:
    """The file or folder at which reading ends.

    Attributes:
        path: Its path.
        reason: Why it is not read, for users.
    """

    path: str
    reason: str


@dataclass(frozen=True)
class Rules:
    """Decides which files and subfolders of a folder are read.

    The last pattern of the innermost folder that matches decides. Without a pattern, the built-in names do.

    Attributes:
        source: The root of the source; empty for the folder that is scanned.
        patterns: The patterns that apply, those of the innermost folder first.
        reads_hidden: Whether hidden files and folders are read.
        follows_outside_links: Whether symbolic links that lead out of the source are followed.
    """

    source: str = ""
    patterns: tuple[Patterns, ...] = ()
    reads_hidden: bool = False
    follows_outside_links: bool = False

    def descend(self, path: str) -> "tuple[Rules, Obstacle | None]":
        """Return the rules for a file or folder anywhere in the source, and the reason if it is not read."""
        rules, folder = self, self.source
        if not folder or path == folder or not is_below(path, folder):
            return rules, None
        for name in os.path.relpath(path, folder).split(os.sep):
            rules = rules.enter(folder, list_names(folder))
            folder = os.path.join(folder, name)
            if not os.path.isdir(folder):
                reason = rules.explain_file(folder, name)
            else:
                reason = rules.explain_folder(folder, name) or rules.explain_contents(folder, list_names(folder))
            if reason is not None:
                return rules, Obstacle(folder, reason)
        return rules, None

    def enter(self, folder: str, names: Collection[str]) -> "Rules":
        """Return the rules for the files of a folder, with the patterns of the ignore files in it.

        Args:
            folder: The path of the folder.
            names: The names of the files in it.
        """
        found = [
            Patterns(folder, lines, f"in {name}")
            for name in IGNORE_FILES
            if name in names and (lines := _read_lines(Path(folder, name)))
        ]
        return replace(self, patterns=(*reversed(found), *self.patterns)) if found else self

    def explain_contents(self, folder: str, names: Collection[str]) -> str | None:
        """Return why a folder is not read, by the files in it; None if it is read."""
        if MARKER in names and not self._is_included(folder):
            return f"the folder contains a file {MARKER}"
        for name in IGNORE_FILES:
            if name in names and not self._is_included(folder) and _is_empty(Path(folder, name)):
                return f"the folder contains an empty file {name}"
        return None

    def explain_folder(self, path: str, name: str) -> str | None:
        """Return why a folder is not read, by its path; None if it is read."""
        protected = explain_protected_folder(path, name)
        if protected is None and self.patterns and (match := self._find(path, is_folder=True)) is not None:
            return _describe(match)
        key = name.lower()
        if (reason := protected or _FOLDERS.get(key)) is not None:
            return reason
        if key.startswith(".trash-"):
            return RECYCLE_BIN
        if key.endswith(".download"):
            return UNFINISHED
        if re.fullmatch(r"found\.\d{3}", key):
            return SYSTEM
        return HIDDEN_FOLDER if name.startswith(".") and not self.reads_hidden else None

    def explain_files(self, folder: str, names: Sequence[str], suffixes: Iterable[str]) -> dict[str, str]:
        """Return why files of a folder are not read, by name; those that are read are left out.

        This is quick in the usual case that no file has a conspicuous name.

        Args:
            folder: The path of the folder.
            names: The names of the files in it.
            suffixes: The part from the last dot of each name, or its last character if it has no dot; each once.
        """
        has_odd_names = any(map(_is_odd, suffixes)) or not _SIGNS.isdisjoint({name[0] for name in names})
        has_odd_names = has_odd_names or not SECRET_NAMES.isdisjoint(map(str.lower, names))
        if not self.patterns and not has_odd_names:
            return {}
        reasons = {name: self.explain_file(os.path.join(folder, name), name) for name in names}
        return {name: reason for name, reason in reasons.items() if reason is not None}

    def explain_file(self, path: str, name: str) -> str | None:
        """Return why a file is not read, by its path; None if it is read."""
        if (reason := explain_protected_file(name)) is not None:
            return reason
        if self.patterns and (match := self._find(path, is_folder=False)) is not None:
            return _describe(match)
        reason = explain_leftover(name)
        if reason is None and name[0] == "." and not self.reads_hidden:
            return HIDDEN_FILE
        return reason

    def _is_included(self, folder: str) -> bool:
        match = self._find(folder, is_folder=True) if self.patterns else None
        return match is not None and not match.is_excluded

    def _find(self, path: str, is_folder: bool) -> Match | None:
        """Return the pattern that decides about a path, None if there is none."""
        folder = os.path.dirname(path)
        for patterns in self.patterns:
            # The patterns of a folder do not apply to the folder.
            match = patterns.find(path, is_folder) if len(path) > len(patterns.folder) else None
            if match is None:
                continue
            # `!.private/` includes the folder, and not hidden files and leftovers in it.
            is_inherited = not match.is_excluded and len(folder) > len(patterns.folder)
            return None if is_inherited and patterns.find(folder, True) == match else match
        return None


DEFAULT_RULES = Rules()


def make_rules(source: Source, exclude: Sequence[str], follows_outside_links: bool = False) -> Rules:
    """Return the rules for the files of a source.

    Args:
        source: The source.
        exclude: The patterns of the setting `exclude`; those of the source take precedence.
        follows_outside_links: Whether symbolic links that lead out of the source are followed.
    """
    layers = ((tuple(source.exclude), "of the source"), (tuple(exclude), "of the setting `exclude`"))
    patterns = tuple(Patterns(source.path, lines, origin) for lines, origin in layers if lines)
    return Rules(source.path, patterns, source.reads_hidden, follows_outside_links)


def _is_odd(suffix: str) -> bool:
    """Return whether a name with this suffix may be a leftover."""
    is_conspicuous = suffix[-1] in _ENDINGS or len(suffix) > MAX_USUAL_SUFFIX_LENGTH
    return is_conspicuous or suffix.lower() in _ODD_SUFFIXES


def explain_leftover(name: str) -> str | None:
    """Return why a file is of use only to the program that wrote it, by its name; None if it is not such a file."""
    suffix = name[name.rfind(".") :].lower()
    reason = _REASONS_BY_SUFFIX.get(suffix)
    if reason is not None:
        return reason
    if name[0] in _SIGNS or _is_odd(suffix):
        return next((reason for expression, reason in _REASONS_BY_NAME if expression.fullmatch(name)), None)
    return None


def _describe(match: Match) -> str | None:
    return f"excluded by the pattern {match.pattern} {match.origin}" if match.is_excluded else None


def _read_lines(path: Path) -> tuple[str, ...]:
    """Return the lines of an ignore file; none if it cannot be read."""
    try:
        with path.open("rb") as stream:
            body = stream.read(MAX_IGNORE_FILE_BYTES)
    except OSError:
        return ()
    return tuple(body.decode("utf-8-sig", "replace").splitlines())


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False
