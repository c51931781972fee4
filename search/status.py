"""The state of a library: its contents, its models, and whether its parts are consistent."""

from typing import Any

from search.disk_usage import read_disk_usage
from search.encoders.presets import Preset, list_presets
from search.encoders.registry import BUNDLED
from search.open_home import OpenHome
from search.paths import find_access_problems, is_below
from search.storage.consistency import check_database, find_contradictions
from search.storage.earlier_recordings import count_earlier_recordings
from search.storage.faiss_index import choose_probes
from search.storage.snapshot import Snapshot
from search.storage.spaces import Space, SpaceRole, Spaces

# The index of a space whose vectors are all compared.
_DESCRIBED_EXACT = {"cells": 0, "probes": 0, "text_recall": 1.0, "vector_recall": 1.0}
# Seconds to wait for the disks of sources. One that takes longer counts as unavailable.
CHECK_SECONDS = 2.0


def read_status(library: OpenHome) -> dict[str, Any]:
    """Return the numbers of items by type and state, the models, spaces and sources, and the disk usage in bytes.

    Someone who may not read everything learns nothing of the whole: neither the disk usage nor the size of the spaces.
    """
    catalog = library.catalog
    revision = catalog.read_revision()
    is_complete = catalog.rights.are_complete
    items: dict[str, dict[str, int]] = {}
    for (item_type, state), count in sorted(catalog.count_states().items(), key=str):
        items.setdefault(item_type or "other", {})[state] = count
    spaces = {}
    for retriever, index in library.indexes.items() if is_complete else ():
        snapshot = index.refresh(revision)
        spaces[str(retriever)] = _describe_space(library.spaces, library.spaces.get(retriever)) | {
            "generation": snapshot.generation.manifest.generation if snapshot.generation else 0,
            "index": _describe_index(snapshot),
        }
    others = [space for space in library.spaces.list_all() if is_complete and space.role is not SpaceRole.ACTIVE]
    return {
        "home": str(library.home.root) if is_complete else None,
        "disk": read_disk_usage(library.home.root) if is_complete else None,
        "sources": [source.path for source in library.sources.list_all()],
        "unavailable": list_unavailable(library),
        "items": items,
        "spaces": spaces,
        "other_spaces": {f"{space.retriever}/{space.role}": _describe_space(library.spaces, space) for space in others},
        "outdated": describe_outdated(library) if is_complete else {},
        "earlier_recordings": count_earlier_recordings(library.database) if is_complete else 0,
        "speech": library.models.transcriber.name,
        "text_reader": _name_text_reader(library),
        "chosen": _explain_choice(library),
    }


def _name_text_reader(library: OpenHome) -> str | None:
    """Return what reads text in images; None if nothing does."""
    reader = library.models.text_reader
    return reader.fingerprint if reader is not None and library.settings.read_text else None


def list_unavailable(library: OpenHome) -> dict[str, str]:
    """Return why storage is unavailable, by folder: at the last scan, and for the roots of sources now."""
    roots = [source.path for source in library.sources.list_all()]
    problems = library.volumes.list_problems()
    unavailable = {path: why for path, why in problems.items() if any(is_below(path, root) for root in roots)}
    for root, problem in find_access_problems(roots, CHECK_SECONDS).items():
        if problem is not None:
            unavailable[root] = f"the folder {problem}"
    return unavailable


def describe_outdated(library: OpenHome) -> dict[str, dict[str, int]]:
    """Return the progress of the update of each outdated space: `done` and `total` embeddings, by retriever."""
    progress = {}
    for retriever, space in library.outdated.items():
        next_space = library.spaces.find(retriever, SpaceRole.NEXT)
        done = library.spaces.count(next_space.id) if next_space is not None else 0
        progress[str(retriever)] = {"done": done, "total": library.spaces.count(space.id)}
    return progress


def _describe_space(spaces: Spaces, space: Space) -> dict[str, Any]:
    return {
        "model": space.model,
        "fingerprint": space.fingerprint,
        "dimension": space.dimension,
        "embeddings": spaces.count(space.id),
    }


def _describe_index(snapshot: Snapshot) -> dict[str, Any]:
    """Return how the vectors of a space are searched, and the recall that was measured when the index was built."""
    if snapshot.generation is None:
        return {"vectors": 0, "delta": len(snapshot.delta.ids)} | _DESCRIBED_EXACT
    index, probing = snapshot.generation.index, snapshot.generation.manifest.probing
    described = {"vectors": len(index), "delta": len(snapshot.delta.ids)}
    if index.cells is None:
        return described | _DESCRIBED_EXACT
    return described | {
        "cells": index.cell_count,
        "probes": choose_probes(index.cell_count, 1.0, measured=index.probes),
        "text_recall": probing.text_recall if probing is not None else None,
        "vector_recall": probing.vector_recall if probing is not None else None,
    }


def _explain_choice(library: OpenHome) -> str:
    models = library.models
    names = (models.image_encoder.name, models.text_encoder.name, models.transcriber.name)
    chosen = [name for name in names if name not in BUNDLED]
    if not chosen:
        return "the bundled models: no download, no GPU, about 100 languages"
    return f"chosen with `crossmodal models use`: {', '.join(chosen)}"


def list_models(library: OpenHome) -> tuple[list[dict[str, Any]], list[Preset]]:
    """Return every space with its role and size, and the models that can be used.

    The role of a space is `active` if it is searched, `next` if it is being filled, and `previous` if it was used
    before.
    """
    recorded = library.spaces.list_all()
    rows = [_describe_space(library.spaces, space) for space in recorded]
    searched = {
        space.retriever: row["embeddings"]
        for space, row in zip(recorded, rows, strict=True)
        if space.role is SpaceRole.ACTIVE
    }
    spaces = [
        row | {"retriever": space.retriever, "role": space.role, "total": searched[space.retriever]}
        for space, row in zip(recorded, rows, strict=True)
    ]
    return spaces, list_presets(library.home.models)


def verify_library(library: OpenHome) -> list[str]:
    """Return one line per problem; empty if the database, the vector indexes and the thumbnails are consistent."""
    catalog = library.catalog
    problems = [f"catalog: {line}" for line in check_database(catalog.database)]
    problems += [f"catalog: {line}" for line in find_contradictions(catalog.database)]
    revision = catalog.read_revision()
    for retriever, index in library.indexes.items():
        index.check_files()
        snapshot = index.refresh(revision)
        indexed = snapshot.read_ids()
        committed = index.read_live_ids()
        missing = len(committed - indexed)
        orphaned = len(indexed - committed)
        if missing:
            problems.append(f"{retriever} index: {missing} committed embeddings cannot be found")
        if orphaned:
            problems.append(f"{retriever} index: {orphaned} entries have no live row")
    thumbnails = {int(path.stem) for path in library.home.thumbnails.rglob("*.jpg")}
    known = {item.id for item in catalog.list_items()}
    orphaned_thumbnails = len(thumbnails - known)
    if orphaned_thumbnails:
        problems.append(f"thumbnails: {orphaned_thumbnails} belong to no item")
    return problems
