"""Folders and files that are never indexed, added or sent: those with keys and passwords, and the system's own."""

import fnmatch
import os
from pathlib import Path

SYSTEM = "folder of the operating system, which is never indexed"
KEYS = "folder with keys or passwords, which is never indexed"
KEY_FILE = "file with keys or passwords, which is never indexed"

_SYSTEM_FOLDERS = frozenset(
    (
        *("/proc", "/sys", "/dev", "/etc", "/boot", "/root", "/run/secrets", "/run/credentials", "/var/run/secrets"),
        *("/private/etc", "/System", "/var/lib/docker", "/var/lib/kubelet"),
    )
)
# Paths of folders below any other folder, in lower case, by their last name. A backup of a home folder has them too.
_SECRET_FOLDERS: dict[str, list[tuple[str, ...]]] = {}
for _path in (
    *(".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store", ".pki", ".mozilla", ".thunderbird"),
    *(".config/gcloud", ".config/gh", ".config/op", ".config/rclone", ".config/1password", ".config/bitwarden"),
    *(".config/google-chrome", ".config/chromium", ".config/bravesoftware", ".config/microsoft-edge"),
    *(".config/vivaldi", ".config/opera", ".local/share/keyrings", ".local/share/kwalletd", ".gnome2/keyrings"),
    *("snap/firefox", "snap/chromium", ".var/app/org.mozilla.firefox", ".var/app/com.google.chrome"),
    *("library/keychains", "library/application support/google/chrome", "library/application support/firefox"),
    *("appdata/local/google/chrome", "appdata/local/microsoft/edge", "appdata/roaming/mozilla"),
):
    *_above, _name = _path.split("/")
    _SECRET_FOLDERS.setdefault(_name, []).append(tuple(_above))
# Names of files, in lower case.
SECRET_NAMES = frozenset(
    (
        *("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk", ".netrc", "_netrc", ".pgpass"),
        *(".my.cnf", ".env", ".htpasswd", ".git-credentials", ".npmrc", ".pypirc", ".bash_history", ".zsh_history"),
        *(".vault-token", ".dockercfg", ".boto", ".s3cfg"),
    )
)
SECRET_SUFFIXES = frozenset((".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".kdb", ".ppk", ".agekey"))
_SECRET_PATTERNS = (".env.*", ".netrc.*", "id_rsa.*[!b]", "id_ed25519.*[!b]")


def explain_protected(path: str) -> str | None:
    """Return why a file or folder, or anything below it, is never indexed; None if it may be.

    Args:
        path: An absolute path; neither it nor what its symbolic links lead to may be protected.
    """
    real = _resolve(path)
    return _explain_names(path) or (_explain_names(real) if real != path else None)


def _resolve(path: str) -> str:
    try:
        return os.path.realpath(path)
    except OSError:  # it cannot be read, which is reported by those who read it
        return path


def _explain_names(path: str) -> str | None:
    parts = path.split("/")
    for count in range(2, len(parts) + 1):
        reason = explain_protected_folder("/".join(parts[:count]), parts[count - 1])
        if reason is not None:
            return reason
    # `Path.is_dir` raises errors for some paths.
    return None if os.path.isdir(path) else explain_protected_file(parts[-1])  # noqa: PTH112


def explain_protected_folder(path: str, name: str) -> str | None:
    """Return why a folder is never indexed, by its absolute path, the last name of which is `name`; None if it may be.

    The folders above it are not considered.
    """
    if path in _SYSTEM_FOLDERS and path != _find_user_folder():
        return SYSTEM
    above = _SECRET_FOLDERS.get(name.lower())
    if above is not None:
        names = path.lower().split("/")[:-1]
        if any(names[len(names) - len(one) :] == list(one) for one in above):
            return KEYS
    return None


def explain_protected_file(name: str) -> str | None:
    """Return why a file is never indexed, by its name; None if it may be."""
    lower = name.lower()
    if lower in SECRET_NAMES or lower[max(lower.rfind("."), 0) :] in SECRET_SUFFIXES:
        return KEY_FILE
    if lower[:1] in ".i" and any(fnmatch.fnmatchcase(lower, pattern) for pattern in _SECRET_PATTERNS):
        return KEY_FILE
    return None


def _find_user_folder() -> str:
    """Return the home folder of the user that this process runs as, which can be `/root`; empty without one."""
    try:
        return str(Path.home())
    except RuntimeError:
        return ""
