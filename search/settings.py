"""The settings of one process. The only reader of the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from search.errors import UsageError

DEVICES = re.compile(r"auto|cpu|cuda(:[0-9]+)?")


def count_cores() -> int:
    """Return the number of processors that this process may use; libraries left to choose take fewer."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Settings:
    """Everything that can be configured from outside, with its default.

    home: data directory (`CROSSMODAL_HOME`); threads: CPU threads for the models (`CROSSMODAL_THREADS`,
    0 or unset: as many as this process may use); hosts: names the server answers to besides loopback
    (`CROSSMODAL_HOSTS`, comma separated); upload_limit: largest request body in bytes
    (`CROSSMODAL_UPLOAD_LIMIT`); file_limit: the same for files sent to be indexed (`CROSSMODAL_FILE_LIMIT`);
    device: where models run, `auto`, `cpu`, `cuda` or `cuda:1` (`CROSSMODAL_DEVICE`); unload_after: seconds without use
    after which a model is let go of, 0 for never (`CROSSMODAL_UNLOAD_AFTER`).
    """

    home: Path
    threads: int = field(default_factory=count_cores)
    hosts: tuple[str, ...] = ()
    upload_limit: int = 64 * 1024 * 1024
    file_limit: int = 4 * 1024 * 1024 * 1024
    device: str = "auto"
    unload_after: int = 1800


def read_settings(
    environ: Mapping[str, str] | None = None, home: Path | None = None, device: str | None = None
) -> Settings:
    """Read the settings from the environment; `home` and `device` given on the command line win.

    Raises UsageError when a number or a device cannot be read.
    """
    env = os.environ if environ is None else environ
    if home is None:
        home = Path(env["CROSSMODAL_HOME"]) if env.get("CROSSMODAL_HOME") else _find_default_home()
    hosts = tuple(host.strip() for host in env.get("CROSSMODAL_HOSTS", "").split(",") if host.strip())
    device = device or env.get("CROSSMODAL_DEVICE") or "auto"
    if not DEVICES.fullmatch(device):
        raise UsageError(f"the device must be auto, cpu, cuda or cuda:1, cuda:2 and so on, not {device!r}")
    return Settings(
        device=device,
        unload_after=_read_number(env, "CROSSMODAL_UNLOAD_AFTER", Settings.unload_after),
        home=home.expanduser().absolute(),
        threads=_read_number(env, "CROSSMODAL_THREADS", 0) or count_cores(),
        hosts=hosts,
        file_limit=_read_number(env, "CROSSMODAL_FILE_LIMIT", Settings.file_limit),
        upload_limit=_read_number(env, "CROSSMODAL_UPLOAD_LIMIT", Settings.upload_limit),
    )


def _find_default_home() -> Path:
    import platformdirs

    return Path(platformdirs.user_data_dir("crossmodal", appauthor=False))


def _read_number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "")
    if not text:
        return default
    if not text.isdecimal():
        raise UsageError(f"{name} must be a whole number of 0 or more, not {text!r}")
    return int(text)
