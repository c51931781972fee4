"""The state of a library: what it contains, and whether its parts agree."""

from typing import Any

from search.encoders.presets import Preset, list_presets
from search.encoders.registry import BUNDLED
from search.open_home import OpenHome
from search.storage.consistency import check_database, find_strays
from search.storage.spaces import Space, SpaceRole, Spaces


def read_status(library: OpenHome) -> dict[str, Any]:
    """Return counts by type and state, models, spaces, disk usage and sources."""
    catalog = library.catalog
    revision = catalog.read_revision()
    items: dict[str, dict[str, int]] = {}
    for (kind, state), number in sorted(catalog.count_states().items(), key=str):
        items.setdefault(kind or "other", {})[state] = number
    spaces = {}
    for retriever, index in library.indexes.items():
        snapshot = index.refresh(revision)
        spaces[str(retriever)] = _describe_space(library.spaces, library.spaces.get(retriever)) | {
            "generation": snapshot.generation.manifest.generation if snapshot.generation else 0
        }
    others = [space for space in library.spaces.list_all() if space.role is not SpaceRole.ACTIVE]
    return {
        "home": str(library.home.root),
        "disk": sum(path.stat().st_size for path in library.home.root.rglob("*") if path.is_file()),
        "sources": [source.path for source in library.sources.list_all()],
        "items": items,
        "spaces": spaces,
        "other_spaces": {f"{one.retriever}/{one.role}": _describe_space(library.spaces, one) for one in others},
        "outdated": describe_outdated(library),
        "speech": library.models.transcriber.name,
        "chosen": _explain_choice(library),
    }


def describe_outdated(library: OpenHome) -> dict[str, dict[str, int]]:
    """Return, by retriever that waits for an update of its bundled model, how many vectors are embedded again."""
    found = {}
    for retriever, space in library.outdated.items():
        begun = library.spaces.find(retriever, SpaceRole.NEXT)
        done = library.spaces.count(begun.id) if begun is not None else 0
        found[str(retriever)] = {"done": done, "total": library.spaces.count(space.id)}
    return found


def _describe_space(spaces: Spaces, space: Space) -> dict[str, Any]:
    return {
        "model": space.model,
        "fingerprint": space.fingerprint,
        "dimension": space.dimension,
        "embeddings": spaces.count(space.id),
    }


def _explain_choice(library: OpenHome) -> str:
    models = library.models
    chosen = [
        one.name for one in (models.image_encoder, models.text_encoder, models.transcriber) if one.name not in BUNDLED
    ]
    if not chosen:
        return "the bundled models: no download, no GPU, about 100 languages"
    return f"chosen with `crossmodal models use`: {', '.join(chosen)}"


def list_models(library: OpenHome) -> tuple[list[dict[str, Any]], list[Preset]]:
    """Return every space with its role and size, then the models that can be used.

    The role of a space is `active` if it is searched, `next` if it is being filled, `previous` if it was used before.
    """
    spaces = []
    for space in library.spaces.list_all():
        facts = {
            "retriever": space.retriever,
            "role": space.role,
            "of": library.spaces.count(library.spaces.get(space.retriever).id),
        }
        spaces.append(_describe_space(library.spaces, space) | facts)
    return spaces, list_presets(library.home.models)


def verify_library(library: OpenHome) -> list[str]:
    """Return the problems as one line each; nothing if SQL, FAISS and the disk agree."""
    catalog = library.catalog
    problems = [f"catalog: {line}" for line in check_database(catalog.database)]
    problems += [f"catalog: {line}" for line in find_strays(catalog.database)]
    revision = catalog.read_revision()
    for retriever, space in library.indexes.items():
        snapshot = space.refresh(revision)
        visible = snapshot.read_ids()
        committed = space.read_live_ids()
        lost = len(committed - visible)
        ghosts = len(visible - committed)
        if lost:
            problems.append(f"{retriever} index: {lost} committed embeddings cannot be found")
        if ghosts:
            problems.append(f"{retriever} index: {ghosts} entries have no live row")
    thumbnails = {int(path.stem) for path in library.home.thumbnails.rglob("*.jpg")}
    known = {item.id for item in catalog.list_items()}
    strays = len(thumbnails - known)
    if strays:
        problems.append(f"thumbnails: {strays} belong to no item")
    return problems
