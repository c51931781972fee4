"""The media types of library files, and which of them browsers may show: no file of the library may run as a page."""

import mimetypes
from pathlib import Path

# Types that browsers need and `mimetypes` does not know everywhere.
MIME_TYPES = {
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".avif": "image/avif",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mkv": "video/x-matroska",
    ".md": "text/markdown",
    ".srt": "text/plain",
    ".vtt": "text/vtt",
}
UNKNOWN = "application/octet-stream"
# Browsers show these without running anything. Any other file is downloaded.
SHOWN_KINDS = {"audio", "image", "video"}
SHOWN_TYPES = {"application/pdf", "text/csv", "text/markdown", "text/plain", "text/vtt"}
# The types by which browsers run scripts and show styles and documents begin or end like this.
ACTIVE_KIND = "text/"
ACTIVE_ENDINGS = ("script", "xml", "html", "json", "flash", "wasm")
# A page that is made of a file of the library belongs to no site and runs no scripts. Browsers show PDFs nevertheless.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def guess_type(path: Path) -> str:
    """Return the media type that a file is sent with; one that browsers do not know if its own could run."""
    found = MIME_TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or UNKNOWN
    is_active = found.startswith(ACTIVE_KIND) or found.endswith(ACTIVE_ENDINGS)
    return UNKNOWN if is_active and found not in SHOWN_TYPES else found


def is_shown(mime_type: str) -> bool:
    """Return whether browsers may show a file of a media type instead of downloading it.

    Args:
        mime_type: A result of `guess_type`.
    """
    return mime_type in SHOWN_TYPES or mime_type.partition("/")[0] in SHOWN_KINDS
