"""Virtual environments of the peers: one per requirements file."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
# The environment that this project is installed into, with the `clip` extra and without `ocr`.
OWN = "crossmodal"


def find_requirements(name: str) -> Path:
    """Return the pinned requirements of a peer."""
    return FOLDER / "requirements" / f"{name}.txt"


def make_environment(name: str, folder: Path) -> Path:
    """Create the virtual environment of a peer if it does not exist or its requirements changed.

    This project is installed again each time, since its code may have changed.

    Args:
        name: The peer: the name of a requirements file, or `crossmodal`.
        folder: Where the environments are.

    Returns:
        The interpreter of the environment.

    Raises:
        subprocess.CalledProcessError: pip cannot install the requirements.
    """
    home = folder / name
    python = home / "bin" / "python"
    arguments, digest = _list_arguments(name)
    stamp = home / "requirements.sha256"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != digest:
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *arguments], check=True)
        stamp.write_text(digest, encoding="utf-8")
    elif name == OWN:
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", ROOT], check=True)
    return python


def read_versions(python: Path) -> dict[str, str]:
    """Return the version of every package of an environment."""
    output = subprocess.run(
        [python, "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return {package["name"].lower().replace("_", "-"): package["version"] for package in json.loads(output)}


def _list_arguments(name: str) -> tuple[list[str], str]:
    """Return the arguments of pip and a digest of what they name."""
    if name == OWN:
        files = [ROOT / "constraints.txt", ROOT / "pyproject.toml"]
        arguments = ["--constraint", str(files[0]), "torch==2.13.0", "torchvision==0.28.0", f"{ROOT}[clip]"]
    else:
        files = [find_requirements(name)]
        arguments = ["--requirement", str(files[0])]
    return arguments, hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
