"""Responses about access: sessions, accounts, keys, links and activities."""

from typing import TYPE_CHECKING, Literal

from search.records import Account, Activity, ApiKey, Role, Share
from web.contract.documents import Document, make_record_document

# The roles that an account or a key can have, as they are sent.
RoleName = Literal["search", "edit", "admin"]

if TYPE_CHECKING:
    AccountDocument = Document
    KeyDocument = Document
    LinkDocument = Document
    ActivityDocument = Document
else:
    AccountDocument = make_record_document(Account, "AccountDocument")
    KeyDocument = make_record_document(ApiKey, "KeyDocument")
    LinkDocument = make_record_document(Share, "LinkDocument")
    ActivityDocument = make_record_document(Activity, "ActivityDocument")


class SessionDocument(Document):
    """Who sends the request, and what they may do.

    Attributes:
        role: What the caller may do.
        account: The account; null for the person at an open server, for a link and for nobody.
        has_accounts: Whether there are accounts, so that people must sign in.
        form_token: What a browser sends with changes, in the header `X-Form-Token`; null without a session.
    """

    role: Role
    account: AccountDocument | None
    has_accounts: bool
    form_token: str | None


class AccountList(Document):
    """All accounts, in order of name."""

    accounts: list[AccountDocument]


class KeyList(Document):
    """API keys, newest first."""

    keys: list[KeyDocument]


class NewKeyDocument(KeyDocument):
    """A new API key.

    Attributes:
        key: The key itself. It is shown only here: keep it in a safe place.
    """

    key: str


class LinkList(Document):
    """The links to an album, newest first."""

    links: list[LinkDocument]


class NewLinkDocument(LinkDocument):
    """A new link to an album.

    Attributes:
        address: The address of the link on this server, from the root. It is shown only here.
    """

    address: str


class ActivityList(Document):
    """A page of what was done, newest first.

    Attributes:
        activities: What was done.
        next: The `cursor` of the next page; null on the last one.
    """

    activities: list[ActivityDocument]
    next: int | None
