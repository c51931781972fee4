"""The application factory. Home of Flask."""

from datetime import timedelta

from flask import Flask, request
from werkzeug.exceptions import SecurityError
from werkzeug.routing import IntegerConverter, ValidationError

from search.access.accounts import find_other_sign_ins
from search.access.authentication import Authentication
from search.engine import Engine
from search.file_cache import PreviewCache
from search.open_home import OpenHome
from search.settings import MIB, Settings
from search.storable import MAX_INTEGER
from search.storage.accounts import Accounts
from search.storage.sessions import SessionLimits
from web import (
    body_limits,
    caching,
    compression,
    cross_site,
    deadlines,
    headers,
    idempotency,
    locations,
    pages,
    problem_pages,
    problems,
    rate_limits,
    request_ids,
)
from web.access import gate
from web.api import (
    accounts,
    activities,
    albums,
    archive,
    body,
    content,
    document_pages,
    facets,
    feedback,
    forget,
    health,
    hidden_items,
    items,
    jobs,
    keys,
    links,
    machine_tags,
    models,
    people,
    playback,
    provider,
    query_images,
    reference,
    saved_searches,
    search,
    session,
    setup,
    sources,
    suggestions,
    text,
    uploads,
    visualizations,
    world_map,
)
from web.body_limits import BodyLimits
from web.contract.openapi import SETTINGS
from web.hosts import LOOPBACK_HOSTS, is_trusted, normalize
from web.proxies import TrustedProxies
from web.upload_request import UploadRequest

MAX_ID_DIGITS = 19


class IdConverter(IntegerConverter):
    """Matches ids as the catalog stores them; a larger number is the id of nothing, and not found."""

    def to_python(self, value: str) -> int:
        """Return the id."""
        if len(value) > MAX_ID_DIGITS:
            raise ValidationError
        number = int(super().to_python(value))
        if number > MAX_INTEGER:
            raise ValidationError
        return number


def create_app(
    engine: Engine, settings: Settings, setup_hash: str | None = None, owner_token: str | None = None
) -> Flask:
    """Create the Flask application.

    Args:
        engine: The engine of an open library.
        settings: The settings of the server.
        setup_hash: The hash of the token with which the first account may be created, if there is one.
        owner_token: The token of commands on this machine, which act as the owner of the home.
    """
    app = Flask(__name__)
    app.url_map.converters["int"] = IdConverter
    trusted = frozenset(map(normalize, (*LOOPBACK_HOSTS, *settings.hosts)))
    app.config["MAX_FORM_MEMORY_SIZE"] = 1024 * 1024
    app.extensions[SETTINGS] = settings
    app.request_class = UploadRequest
    deadlines.register(app, settings.deadline)
    body_limits.register(app, BodyLimits(app, settings))
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    lasting = SessionLimits(timedelta(days=settings.session_days), timedelta(days=settings.session_max_days))
    accounts_here = Accounts(engine.library.database, find_other_sign_ins(settings))
    authentication = Authentication(engine.library.database, lasting, accounts_here)
    _register_library_routes(app, engine, settings)
    _register_access_routes(app, engine.library, settings, authentication, setup_hash)
    problems.register(app)
    request_ids.register(app)
    # The functions that change a response run in reverse order: caching comes before compression.
    compression.register(app)
    caching.register(app)
    app.before_request(lambda: _refuse_other_hosts(trusted))
    cross_site.register(app)
    gate.register(app, authentication, settings.user_header, owner_token)
    body.register(app)
    rate_limits.register(app, settings.rate_limit, settings.sign_in_limit)
    locations.register(app, settings, engine.library.database)
    problem_pages.register(app)
    idempotency.register(app)
    headers.register(app)
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    return app


def _register_library_routes(app: Flask, engine: Engine, settings: Settings) -> None:
    app.register_blueprint(search.make_blueprint(engine))
    app.register_blueprint(items.make_blueprint(engine))
    app.register_blueprint(content.make_blueprint(engine))
    previews = PreviewCache(engine.library.home.previews, settings.preview_space * MIB)
    app.register_blueprint(document_pages.make_blueprint(engine.library, previews))
    app.register_blueprint(visualizations.make_blueprint(engine))
    app.register_blueprint(playback.make_blueprint(engine.library, settings, previews))
    app.register_blueprint(facets.make_blueprint(engine))
    app.register_blueprint(suggestions.make_blueprint(engine.library))
    app.register_blueprint(machine_tags.make_blueprint(engine))
    app.register_blueprint(world_map.make_blueprint(engine))
    app.register_blueprint(saved_searches.make_blueprint(engine.library, settings))
    app.register_blueprint(albums.make_blueprint(engine.library))
    app.register_blueprint(query_images.make_blueprint(engine.library))
    app.register_blueprint(feedback.make_blueprint(engine.library, settings.keep_queries))
    app.register_blueprint(forget.make_blueprint(engine.library))
    app.register_blueprint(hidden_items.make_blueprint(engine.library))
    app.register_blueprint(archive.make_blueprint(engine.library))
    app.register_blueprint(text.make_blueprint(engine.library))
    app.register_blueprint(jobs.make_blueprint(engine.library))
    app.register_blueprint(sources.make_blueprint(engine.library, settings.allowed_roots))
    app.register_blueprint(uploads.make_blueprint(engine.library))
    app.register_blueprint(models.make_blueprint(engine))
    app.register_blueprint(health.make_blueprint(engine))


def _register_access_routes(
    app: Flask, library: OpenHome, settings: Settings, authentication: Authentication, setup_hash: str | None
) -> None:
    app.register_blueprint(session.make_blueprint(library, authentication))
    app.register_blueprint(setup.make_blueprint(library, authentication, setup_hash))
    app.register_blueprint(activities.make_blueprint(library))
    app.register_blueprint(accounts.make_blueprint(library, authentication))
    app.register_blueprint(provider.make_blueprint(library, authentication, settings))
    app.register_blueprint(keys.make_blueprint(library))
    app.register_blueprint(links.make_blueprint(library, authentication))
    app.register_blueprint(people.make_blueprint(authentication))
    app.register_blueprint(pages.make_blueprint(library, authentication, settings))
    app.register_blueprint(reference.make_blueprint())


def _refuse_other_hosts(trusted: frozenset[str]) -> None:
    if not is_trusted(request.headers.get("Host", ""), trusted):
        raise SecurityError("The server does not answer to this host name. Add it to the setting `hosts`.")
