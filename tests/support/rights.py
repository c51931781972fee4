"""A library of which callers may read different parts, and the role that each route needs."""

from search.access.tokens import TokenKind, make_token
from search.records import Principal, Rights, Role, Task
from search.storage.albums import Albums
from search.storage.api_keys import ApiKeys
from search.storage.feedback import FeedbackStore
from search.storage.saved_searches import SavedSearches
from search.storage.shares import Shares
from tests.support.accounts import add_admin, add_person, make_headers, sign_in
from tests.support.fake_demo import draw_photo
from tests.support.indexing import index
from tests.support.web_client import make_client

PAST = "2020-01-01T00:00:00+00:00"
# The role that each route needs, written independently of what the routes declare.
ROUTES = {
    "DELETE /api/v1/session": Role.NONE,
    "GET /api/v1/session": Role.NONE,
    "POST /api/v1/session": Role.NONE,
    "POST /api/v1/setup": Role.NONE,
    "GET /assets/{version}/{name}": Role.NONE,
    "GET /docs": Role.NONE,
    "GET /favicon.ico": Role.NONE,
    "GET /healthz": Role.NONE,
    "GET /openapi.json": Role.NONE,
    "GET /opensearch.xml": Role.NONE,
    "GET /readyz": Role.NONE,
    "GET /setup": Role.NONE,
    "GET /shared/{token}": Role.NONE,
    "GET /sign-in": Role.NONE,
    "GET /sign-in/provider": Role.NONE,
    "GET /sign-in/provider/callback": Role.NONE,
    "GET /": Role.VIEW,
    "GET /api/v1/albums": Role.VIEW,
    "GET /api/v1/archive": Role.VIEW,
    "POST /api/v1/archive": Role.VIEW,
    "GET /api/v1/examples": Role.VIEW,
    "GET /api/v1/facets": Role.VIEW,
    "POST /api/v1/facets": Role.VIEW,
    "GET /api/v1/folders": Role.VIEW,
    "POST /api/v1/folders": Role.VIEW,
    "GET /api/v1/suggestions": Role.VIEW,
    "GET /api/v1/items": Role.VIEW,
    "GET /api/v1/items/{item_id}": Role.VIEW,
    "GET /api/v1/items/{item_id}/clip": Role.VIEW,
    "GET /api/v1/items/{item_id}/heatmap": Role.VIEW,
    "GET /api/v1/items/{item_id}/loudness": Role.VIEW,
    "GET /api/v1/items/{item_id}/media": Role.VIEW,
    "GET /api/v1/items/{item_id}/moments": Role.VIEW,
    "GET /api/v1/items/{item_id}/pages": Role.VIEW,
    "GET /api/v1/items/{item_id}/pages/{number}": Role.VIEW,
    "GET /api/v1/items/{item_id}/pages/{number}/image": Role.VIEW,
    "GET /api/v1/items/{item_id}/passages": Role.VIEW,
    "GET /api/v1/items/{item_id}/playback": Role.VIEW,
    "GET /api/v1/items/{item_id}/playback/{fragment}": Role.VIEW,
    "GET /api/v1/items/{item_id}/preview": Role.VIEW,
    "GET /api/v1/items/{item_id}/similar": Role.VIEW,
    "GET /api/v1/items/{item_id}/thumbnail": Role.VIEW,
    "GET /api/v1/items/{item_id}/transcript": Role.VIEW,
    "GET /api/v1/machine-tags": Role.VIEW,
    "GET /api/v1/map": Role.VIEW,
    "GET /api/v1/search": Role.VIEW,
    "POST /api/v1/search": Role.VIEW,
    "GET /account": Role.SEARCH,
    "DELETE /api/v1/feedback": Role.SEARCH,
    "GET /api/v1/feedback": Role.SEARCH,
    "GET /api/v1/hidden": Role.EDIT,
    "GET /api/v1/jobs": Role.SEARCH,
    "GET /api/v1/jobs/{job_id}": Role.SEARCH,
    "GET /api/v1/jobs/{job_id}/events": Role.SEARCH,
    "GET /api/v1/keys": Role.SEARCH,
    "POST /api/v1/keys": Role.SEARCH,
    "DELETE /api/v1/keys/{key_id}": Role.SEARCH,
    "POST /api/v1/query-images": Role.SEARCH,
    "GET /api/v1/query-images/{image_id}": Role.SEARCH,
    "GET /api/v1/searches": Role.SEARCH,
    "POST /api/v1/searches": Role.SEARCH,
    "DELETE /api/v1/searches/{search_id}": Role.SEARCH,
    "GET /api/v1/searches/{search_id}/matches": Role.SEARCH,
    "POST /api/v1/searches/{search_id}/secret": Role.SEARCH,
    "POST /api/v1/searches/{search_id}/seen": Role.SEARCH,
    "POST /api/v1/session/password": Role.SEARCH,
    "GET /api/v1/sources": Role.SEARCH,
    "GET /api/v1/status": Role.SEARCH,
    "GET /albums": Role.SEARCH,
    "GET /library": Role.SEARCH,
    "POST /api/v1/albums": Role.EDIT,
    "DELETE /api/v1/albums/{album_id}": Role.EDIT,
    "PATCH /api/v1/albums/{album_id}": Role.EDIT,
    "PUT /api/v1/albums/{album_id}/order": Role.EDIT,
    "POST /api/v1/albums/{album_id}/items": Role.EDIT,
    "GET /api/v1/albums/{album_id}/links": Role.EDIT,
    "POST /api/v1/albums/{album_id}/links": Role.EDIT,
    "DELETE /api/v1/albums/{album_id}/links/{link_id}": Role.EDIT,
    "PUT /api/v1/albums/{album_id}/sharing": Role.EDIT,
    "POST /api/v1/feedback": Role.EDIT,
    "GET /api/v1/people": Role.EDIT,
    "POST /api/v1/hidden": Role.EDIT,
    "POST /api/v1/hidden/undo": Role.EDIT,
    "POST /api/v1/uploads": Role.EDIT,
    "GET /api/v1/accounts": Role.ADMIN,
    "POST /api/v1/accounts": Role.ADMIN,
    "DELETE /api/v1/accounts/{account_id}": Role.ADMIN,
    "PATCH /api/v1/accounts/{account_id}": Role.ADMIN,
    "GET /api/v1/activities": Role.ADMIN,
    "POST /api/v1/forget": Role.ADMIN,
    "DELETE /api/v1/items/{item_id}": Role.ADMIN,
    "POST /api/v1/jobs": Role.ADMIN,
    "DELETE /api/v1/jobs/{job_id}": Role.ADMIN,
    "POST /api/v1/jobs/{job_id}/cancel": Role.ADMIN,
    "POST /api/v1/jobs/{job_id}/retry": Role.ADMIN,
    "GET /api/v1/models": Role.ADMIN,
    "POST /api/v1/sources": Role.ADMIN,
    "DELETE /api/v1/sources/{source_id}": Role.ADMIN,
    "PATCH /api/v1/sources/{source_id}": Role.ADMIN,
    "GET /people": Role.ADMIN,
}
# Path parameters that name nothing that can be hidden by rights.
OPEN_PARAMETERS = {"fragment", "image_id", "version", "name", "token", "number"}


def make_world(library, folder):
    """Index an open and a hidden source, and return them with who may read what."""
    for name, subject in (("open", "cat"), ("hiddencase", "rocket")):
        (folder / name).mkdir()
        draw_photo(subject, 1).save(folder / name / f"{subject}.jpg")
    (folder / "open/notes.txt").write_text("The letter about the garden of roses and the old train.")
    (folder / "hiddencase/salary.txt").write_text(
        "The letter about zorblatt and the salary of everyone at the old train."
    )
    draw_photo("cat", 1).save(folder / "hiddencase/cat copy.jpg")
    index(library, folder / "open", folder / "hiddencase")
    return World(library, folder)


class World:
    """A library with an open and a hidden source, and callers.

    Attributes:
        client: A client without cookies.
        callers: The headers of each kind of caller.
        hidden: Ids of hidden things, by the name of the path parameter.
    """

    def __init__(self, library, folder):
        self.library = library
        by_path = {source.path: source.id for source in library.sources.list_all()}
        self.open, self.closed = by_path[str(folder / "open")], by_path[str(folder / "hiddencase")]
        admin = add_admin(library)
        people = {role: add_person(library, f"{role} person", role, [self.open]) for role in (Role.SEARCH, Role.EDIT)}
        boss = Principal(Role.ADMIN, Rights(), admin)
        albums = Albums(library.database, boss)
        self.client = make_client(library)
        admin_headers = make_headers(library, admin)
        secret_item = get_item_as(self.client, admin_headers, "salary.txt")
        album, shared = albums.add("salary album"), albums.add("Shared by link")
        albums.change(album.id, [secret_item, get_item_as(self.client, admin_headers, "notes.txt")], [])
        albums.change(shared.id, [get_item_as(self.client, admin_headers, "cat.jpg")], [])
        link = make_token(TokenKind.LINK)
        share = Shares(library.database).add(shared.id, link.hash, None)
        saved = SavedSearches(library.database, boss).add("zorblatt search", {"text": "zorblatt"}, "/", True, None)
        for owner in (boss, Principal(Role.EDIT, Rights(), people[Role.EDIT])):
            FeedbackStore(library.database, owner).add("zorblatt", secret_item, True)
        other = add_person(library, "someone else", Role.ADMIN)
        make_headers(library, other)
        both = add_person(library, "reader of both", Role.EDIT, [self.open, self.closed])
        self.callers = {
            "nobody": (Role.NONE, {}),
            "unknown key": (Role.NONE, {"Authorization": "Bearer cmk_unknown"}),
            "expired key": (Role.NONE, make_headers(library, admin, expires_at=PAST)),
            "expired link": (Role.NONE, {"Authorization": f"Bearer {self._make_expired_link(shared.id)}"}),
            "link": (Role.VIEW, {"Authorization": f"Bearer {link.text}"}),
            "search": (Role.SEARCH, make_headers(library, people[Role.SEARCH])),
            "edit": (Role.EDIT, make_headers(library, people[Role.EDIT])),
            "key for one source": (Role.EDIT, make_headers(library, both, sources=[self.open])),
            "key that may only search": (Role.SEARCH, make_headers(library, people[Role.EDIT], role=Role.SEARCH)),
            "admin": (Role.ADMIN, admin_headers),
        }
        self.hidden = {
            "item_id": secret_item,
            "album_id": album.id,
            "search_id": saved.id,
            "job_id": library.jobs.add(Task((str(folder / "hiddencase"),))).id,
            "source_id": self.closed,
            "account_id": other.id,
            "key_id": ApiKeys(library.database).list_all(other.id)[0].id,
            "link_id": share.id,
        }

    def change(self, account, **changes):
        """Change an account as its admin does on the page."""
        admin = sign_in(make_client(self.library), "admin")
        assert admin.patch(f"/api/v1/accounts/{account.id}", json=changes).status_code == 200

    def _make_expired_link(self, album_id):
        token = make_token(TokenKind.LINK)
        Shares(self.library.database).add(album_id, token.hash, PAST)
        return token.text


def get_item_as(client, headers, name):
    """Return the id of an item by the end of its path."""
    items = client.get("/api/v1/items?limit=1000", headers=headers).json["items"]
    return next(one["id"] for one in items if one["path"].endswith(name))
