"""Who may do what: accounts, their keys and sessions, and the rights of a request."""

from dataclasses import dataclass
from enum import StrEnum

from search.records.places import LocationPrecision


class Role(StrEnum):
    """What a caller may do. Each role may also do what the roles before it may do.

    Attributes:
        NONE: Nothing but to sign in.
        VIEW: Look at, search and download the items of an album, for people who follow a link to it.
        SEARCH: Search, look at items, download them and save searches.
        EDIT: Change albums, hide items, judge results and upload files.
        ADMIN: Everything: sources, jobs, models and accounts, in all sources.
    """

    NONE = "none"
    VIEW = "view"
    SEARCH = "search"
    EDIT = "edit"
    ADMIN = "admin"

    @property
    def level(self) -> int:
        """The position of the role: a role includes all roles with a lower level."""
        return list(Role).index(self)

    def includes(self, other: "Role") -> bool:
        """Return whether this role may do what another role may do."""
        return self.level >= other.level


# The roles that an account or a key can have.
ACCOUNT_ROLES = (Role.SEARCH, Role.EDIT, Role.ADMIN)


@dataclass(frozen=True)
class Rights:
    """What a caller may read. The default is everything.

    Attributes:
        sources: The ids of the sources whose items the caller may read; null for all sources.
        albums: The ids of the albums that the caller can see; null for all albums.
        shared: The ids of the albums that others share with the caller. The caller may read their items, as far as the
            owner of the album may read them.
        locations: How precisely the caller may see, and search, where items were captured.
        includes_hidden: Whether the caller may read the items of these sources that are hidden, to show them again.
    """

    sources: tuple[int, ...] | None = None
    albums: tuple[int, ...] | None = None
    shared: tuple[int, ...] = ()
    locations: LocationPrecision = LocationPrecision.EXACT
    includes_hidden: bool = True

    @property
    def are_complete(self) -> bool:
        """Whether the caller may read every item that can be found."""
        return self.sources is None

    @property
    def are_unlimited(self) -> bool:
        """Whether the caller may read every item, hidden ones too."""
        return self.are_complete and self.includes_hidden

    @property
    def hides_folders(self) -> bool:
        """Whether the caller sees only the names of some files: those of others' sources in the shared albums."""
        return self.sources is not None and bool(self.shared)


# What the person at the machine may read.
EVERYTHING = Rights()


@dataclass(frozen=True)
class Account:
    """A person, or a program, that can sign in.

    Attributes:
        id: The id of the account.
        name: The unique name to sign in with.
        role: What the account may do.
        sources: The ids of the sources that the account may read; null for all sources.
        created_at: When it was created, in UTC, ISO 8601.
        signed_in_at: When it last signed in, in UTC, ISO 8601; null if it never did.
        is_disabled: Whether it can no longer sign in and its keys are refused.
    """

    id: int
    name: str
    role: Role
    sources: tuple[int, ...] | None
    created_at: str
    signed_in_at: str | None = None
    is_disabled: bool = False


@dataclass(frozen=True)
class ApiKey:
    """A key with which a program calls the REST API in the name of an account.

    Attributes:
        id: The id of the key.
        account_id: The account.
        name: What the key is for, in the words of its owner.
        prefix: The first characters of the key, to recognize it. The key itself is not stored.
        role: The most that the key may do; never more than its account.
        sources: The ids of the sources that it may read; null for all sources of its account.
        created_at: When it was created, in UTC, ISO 8601.
        expires_at: When it expires, in UTC, ISO 8601; null if it does not.
        last_used_at: When it was last used, in UTC, ISO 8601, to about a minute; null if it never was.
    """

    id: int
    account_id: int
    name: str
    prefix: str
    role: Role
    sources: tuple[int, ...] | None
    created_at: str
    expires_at: str | None = None
    last_used_at: str | None = None


@dataclass(frozen=True)
class Share:
    """A link with which anyone can see an album until it is deleted or expires.

    Attributes:
        id: The id of the link.
        album_id: The album.
        created_at: When it was created, in UTC, ISO 8601.
        expires_at: When it expires, in UTC, ISO 8601; null if it does not.
        last_used_at: When it was last followed, in UTC, ISO 8601; null if it never was.
    """

    id: int
    album_id: int
    created_at: str
    expires_at: str | None = None
    last_used_at: str | None = None


@dataclass(frozen=True)
class Activity:
    """Something that a person or program did.

    Attributes:
        id: The id of the entry.
        at: When it happened, in UTC, ISO 8601.
        account: The name of the account; null for the person at an open server, or a link.
        action: What was done, such as `sign-in` or `source-added`.
        subject: What it was done to: the path of a source, or the name of an account, an album or a key.
        address: The address of the client.
    """

    id: int
    at: str
    account: str | None
    action: str
    subject: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class Principal:
    """Who sends a request, and what they may do.

    Attributes:
        role: What they may do.
        rights: What they may read.
        account: The account; null for the person at an open server, for a link and for nobody.
        key_id: The API key that the request was sent with.
        share_id: The link that the request was sent with.
        is_limited: Whether the key is for some sources only: it may not act for the whole account.
    """

    role: Role
    rights: Rights
    account: Account | None = None
    key_id: int | None = None
    share_id: int | None = None
    is_limited: bool = False

    @property
    def account_id(self) -> int | None:
        """The id of the account, if there is one."""
        return self.account.id if self.account is not None else None

    @property
    def identity(self) -> str:
        """A text that differs between callers who may get different responses."""
        return f"{self.account_id}.{self.key_id}.{self.share_id}.{self.role}"


# The person at a server that only this machine can reach, and where nobody has an account.
OWNER = Principal(Role.ADMIN, EVERYTHING)
# Someone who has not signed in.
NOBODY = Principal(Role.NONE, Rights((), ()))
