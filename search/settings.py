"""The settings of one process. Only this module reads environment variables.

The command line takes precedence over the environment (`CROSSMODAL_` and the name of the setting), then follow the file
`settings.toml` in the home and the default.
"""

import ipaddress
import os
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
)

from search.errors import UsageError
from search.exclusion import explain_pattern
from search.home import find_default_home
from search.media.image.limits import MAX_PIXELS
from search.query.limits import MAX_CHARACTERS, MAX_IMAGES, MAX_LIST_VALUES, MAX_PARTS, QueryLimits
from search.records import LocationPrecision

SETTINGS_FILE = "settings.toml"
ENVIRONMENT_PREFIX = "CROSSMODAL_"
DEVICES = re.compile(r"auto|cpu|cuda(:[0-9]+)?")
NO_RATE = "off"
RATES = re.compile(rf"[1-9][0-9]* per ([1-9][0-9]* )?(second|minute|hour|day)s?|{NO_RATE}")
MIB = 1024 * 1024

AbsolutePath = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
# Several values in one line.
Names = tuple[str, ...]


class SettingSource(StrEnum):
    """Where the value of a setting comes from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    FILE = "file"
    COMMAND_LINE = "command line"


@dataclass(frozen=True)
class SettingRow:
    """A setting with its value, source and description.

    Attributes:
        name: The name, as in `settings.toml`.
        value: The value in use.
        source: Where the value comes from.
        environment_variable: The variable that sets it.
        description: What it means.
    """

    name: str
    value: Any
    source: SettingSource
    environment_variable: str
    description: str


def count_cores() -> int:
    """Return the number of CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseModel):
    """Everything that can be configured. The constructor takes values only; `read_settings` reads all sources."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,  # it may be a secret
    )

    home: AbsolutePath = Field(default_factory=find_default_home, description="The data directory.")
    server: str = Field("", description="The address of a server to use in place of a home on this machine.")
    key: SecretStr = Field(SecretStr(""), description="The API key for this server.")
    threads: int = Field(0, ge=0, description="CPU threads for the models. 0: as many as the process may use.", le=4096)
    hosts: Names = Field((), description="Host names that the server answers to besides loopback, separated by commas.")
    trusted_proxies: Names = Field(
        (), description="Addresses or networks of proxies whose X-Forwarded headers are believed, separated by commas."
    )
    json_limit: int = Field(2 * MIB, ge=0, description="The largest JSON body of a request, in bytes.")
    upload_limit: int = Field(64 * MIB, ge=0, description="The largest search with files or query image, in bytes.")
    file_limit: int = Field(4096 * MIB, ge=0, description="The largest upload of files to index, in bytes.")
    query_characters: int = Field(
        2_000, ge=1, le=MAX_CHARACTERS, description="Characters of all texts of a query, also when they are normalized."
    )
    query_terms: int = Field(500, ge=1, description="Distinct words of a query.")
    query_parts: int = Field(32, ge=1, le=MAX_PARTS, description="Texts, images and items of a query together.")
    query_images: int = Field(10, ge=0, le=MAX_IMAGES, description="Images of a query.")
    query_pixels: int = Field(100_000_000, ge=1, description="Pixels of an image to search by.", le=MAX_PIXELS)
    filter_values: int = Field(100, ge=1, le=MAX_LIST_VALUES, description="Values of one filter of a query.")
    voice_seconds: int = Field(60, ge=1, description="Seconds of a spoken query.")
    deadline: int = Field(30, ge=1, description="Seconds after which the work for a request stops.")
    encoding_queue: int = Field(32, ge=0, description="Queries that wait for the models; more are refused.")
    speech_queue: int = Field(4, ge=0, description="Spoken queries that wait while one is transcribed.")
    media_processes: int = Field(2, ge=1, le=64, description="Processes that decode what clients send or look at.")
    media_memory: int = Field(2048, ge=512, description="Memory of each of these processes, in MiB.")
    page_cache: int = Field(256, ge=0, description="Images of pages of documents that are kept on disk, in MiB.")
    clip_seconds: int = Field(600, ge=1, le=24 * 3600, description="Seconds of a clip that is cut out of a recording.")
    clip_limit: int = Field(512 * MIB, ge=MIB, description="The largest clip, in bytes.")
    preview_space: int = Field(4096, ge=64, description="Disk space for clips, converted films and documents, in MiB.")
    rate_limit: str = Field("3000 per minute", description="Requests of one key, account or address; off for no limit.")
    sign_in_limit: str = Field("30 per minute", description="Attempts to sign in from one address; off for no limit.")
    allowed_roots: tuple[AbsolutePath, ...] = Field(
        (), description="Folders that may be added over REST, with all below, separated by commas."
    )
    follow_outside_links: bool = Field(False, description="Follow symbolic links that lead out of their source.")
    request_threads: int = Field(
        16, ge=1, le=1024, description="Requests at the same time, and as many again for files."
    )
    request_queue: int = Field(64, ge=0, description="Requests that wait for one of these threads; more are refused.")
    max_connections: int = Field(1000, ge=10, description="Open connections of the server; idle ones make room.")
    max_event_streams: int = Field(100, ge=1, le=4096, description="Event streams of jobs at the same time.")
    max_transfers: int = Field(200, ge=0, description="Downloads at the same time, paused ones too.")
    max_uploads: int = Field(8, ge=1, le=1024, description="Requests over 8 MiB that are received at the same time.")
    receive_timeout: int = Field(20, ge=1, description="Seconds that a request may keep the server waiting for it.")
    idle_timeout: int = Field(30, ge=1, description="Seconds that an unused connection stays open after a response.")
    stall_timeout: int = Field(600, ge=1, description="Seconds after which a download that nobody reads is cut.")
    stop_timeout: int = Field(8, ge=0, description="Seconds that requests and the worker have to finish at a stop.")
    session_days: int = Field(14, ge=1, le=3650, description="Days that a sign-in lasts after its last use.")
    session_max_days: int = Field(30, ge=1, le=3650, description="Days that a sign-in lasts, however often it is used.")
    oidc_issuer: str = Field("", description="The address of an identity provider to sign in through (OpenID Connect).")
    oidc_client_id: str = Field("", description="The id of this server at the identity provider.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="The secret of this server there.")
    oidc_name_claim: str = Field("preferred_username", description="The claim with the name of a person.")
    oidc_new_accounts: bool = Field(False, description="Add an account without sources for everyone who signs in.")
    user_header: str = Field("", description="The header in which trusted proxies name the account: Remote-User.")
    keep_queries: bool = Field(
        True, description="Store query images, feedback, saved searches and recent queries. False: keep no query."
    )
    upload_days: int = Field(0, ge=0, description="Days after which uploaded files are deleted. 0: never.")
    query_image_days: int = Field(90, ge=1, description="Days without use after which a query image is deleted.")
    result_days: int = Field(0, ge=0, description="Days after which results of watched searches are deleted. 0: never.")
    webhook_hosts: Names = Field(
        (), description="Hosts that webhooks may be sent to, by commas: names, *.names, addresses, networks."
    )
    view_location: LocationPrecision = Field(
        LocationPrecision.HIDDEN, description="Where photos were taken, for people with a link to an album."
    )
    search_location: LocationPrecision = Field(
        LocationPrecision.EXACT, description="The same for accounts with the role search."
    )
    edit_location: LocationPrecision = Field(
        LocationPrecision.EXACT, description="The same for accounts with the role edit."
    )
    webhook_location: LocationPrecision = Field(
        LocationPrecision.HIDDEN, description="Where photos were taken, in webhooks: exact, rounded or hidden."
    )
    read_text: bool = Field(
        True, description="Read the text in images. False: what was read before can still be found."
    )
    device: str = Field("auto", description="Where models run: auto, cpu, cuda, or one GPU such as cuda:1.")
    unload_after: int = Field(1800, ge=0, description="Seconds without use after which a model is unloaded. 0: never.")
    exclude: Names = Field(
        (), description="Patterns of files and folders that are not indexed, as in .gitignore, separated by commas."
    )
    _sources: dict[str, SettingSource] = PrivateAttr(default_factory=dict)

    @property
    def query_limits(self) -> QueryLimits:
        """What one query may consist of."""
        return QueryLimits(
            characters=self.query_characters,
            terms=self.query_terms,
            parts=self.query_parts,
            images=self.query_images,
            filter_values=self.filter_values,
            pixels=self.query_pixels,
            seconds=self.voice_seconds,
        )

    @field_validator("threads")
    @classmethod
    def _count_threads(cls, threads: int) -> int:
        return threads or count_cores()

    @field_validator("hosts", "trusted_proxies", "webhook_hosts", "exclude", "allowed_roots", mode="before")
    @classmethod
    def _split_list(cls, values: object) -> object:
        return [value.strip() for value in values.split(",") if value.strip()] if isinstance(values, str) else values

    @field_validator("trusted_proxies")
    @classmethod
    def _check_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f"{network!r} is not an address or a network such as 10.0.0.0/8") from error
        return networks

    @field_validator("exclude")
    @classmethod
    def _check_patterns(cls, exclude: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in exclude:
            if (reason := explain_pattern(pattern)) is not None:
                raise ValueError(f"{pattern!r} is not a valid pattern: {reason}")
        return exclude

    @field_validator("rate_limit", "sign_in_limit")
    @classmethod
    def _check_rate(cls, rate: str) -> str:
        if not RATES.fullmatch(rate):
            raise ValueError("must be a number and a period, such as 300 per minute, or off")
        return rate

    @field_validator("device")
    @classmethod
    def _check_device(cls, device: str) -> str:
        if not DEVICES.fullmatch(device):
            raise ValueError("must be auto, cpu, cuda or cuda:1, cuda:2 and so on")
        return device


def read_settings(home: Path | None = None, device: str | None = None, server: str | None = None) -> Settings:
    """Read the settings from all sources.

    Args:
        home: The `--home` of the command line.
        device: The `--device` of the command line.
        server: The `--server` of the command line.

    Raises:
        UsageError: A value is not valid, or the settings file cannot be read.
    """
    given = (("home", home), ("device", device), ("server", server))
    command_line = {name: value for name, value in given if value is not None}
    environment = _read_environment()
    folder = Path(command_line.get("home") or environment.get("home") or find_default_home()).expanduser()
    values = {
        SettingSource.FILE: _read_file(folder / SETTINGS_FILE),
        SettingSource.ENVIRONMENT: environment,
        SettingSource.COMMAND_LINE: command_line,
    }
    sources = {name: source for source, found in values.items() for name in found}
    try:
        settings = Settings(**{name: values[source][name] for name, source in sources.items()})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        message = first["msg"].removeprefix("Value error, ")
        value = "" if Settings.model_fields[name].annotation is SecretStr else f" (not {first['input']!r})"
        raise UsageError(f"{_name_origin(name, sources[name], folder)}: {message}{value}") from error
    settings._sources = sources
    return settings


def describe_settings(settings: Settings) -> list[SettingRow]:
    """Return every setting with its value and the source of the value, in the order of their declaration."""
    return [
        SettingRow(
            name=name,
            value=getattr(settings, name),
            source=settings._sources.get(name, SettingSource.DEFAULT),
            environment_variable=name_variable(name),
            description=field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]


def name_variable(name: str) -> str:
    """Return the name of the environment variable of a setting."""
    return ENVIRONMENT_PREFIX + name.upper()


def _read_environment() -> dict[str, str]:
    """Return the settings of the environment. The case of a name does not matter, and an empty value is none."""
    variables = {name.upper(): value for name, value in os.environ.items()}
    found = {name: variables.get(name_variable(name), "") for name in Settings.model_fields}
    return {name: value for name, value in found.items() if value}


def _read_file(path: Path) -> dict[str, Any]:
    """Return the settings of a file; empty if it does not exist. Raise UsageError if the file is not valid."""
    if not path.is_file():
        return {}
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"Cannot read {path}: {error}. Fix or remove the file.") from error
    unknown = sorted(found.keys() - Settings.model_fields.keys())
    if "home" in found or unknown:
        raise UsageError(f"{path}: {(unknown or ['home'])[0]} is not a setting of this file. Remove the line.")
    return found


def _name_origin(name: str, source: SettingSource, home: Path) -> str:
    """Return the option, the variable or the line of the settings file that sets a setting, for an error message."""
    if source is SettingSource.COMMAND_LINE:
        return f"--{name}"
    return name_variable(name) if source is SettingSource.ENVIRONMENT else f"{home / SETTINGS_FILE}: {name}"
