"""Who looks at a page, as its template needs it."""

from dataclasses import dataclass

from search.open_home import OpenHome
from search.records import Account, Album, Role
from search.storage.albums import Albums
from web.access.caller import get_form_token, get_principal


@dataclass(frozen=True)
class PageCaller:
    """Who looks at a page.

    Attributes:
        role: What they may do. The server refuses anything else, so this only hides what would be refused.
        account: Their account; None for the person at an open server, for a link and for nobody.
        form_token: What the page sends with changes; None without a session.
        album: The album of the link that they followed, if they did.
    """

    role: Role
    account: Account | None
    form_token: str | None
    album: Album | None

    @property
    def is_known(self) -> bool:
        """Whether they have signed in, followed a link, or sit at an open server."""
        return self.role is not Role.NONE

    def may(self, role: str) -> bool:
        """Return whether they may do what a role may do."""
        return self.role.includes(Role(role))


def describe_page_caller(library: OpenHome) -> PageCaller:
    """Return who looks at the requested page."""
    principal = get_principal()
    albums = Albums(library.database, principal).list_all() if principal.share_id is not None else []
    return PageCaller(principal.role, principal.account, get_form_token(), albums[0] if albums else None)
