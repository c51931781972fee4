"""Index generations: immutable built states of a space on disk, each described by a manifest."""

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from search.errors import HomeError
from search.records import Sample, Vectors
from search.storage.baselines import QueryBank
from search.storage.embedding_rows import Rows
from search.storage.faiss_build import MAX_FLAT_VECTORS, build_index
from search.storage.faiss_index import VectorIndex, read_index, write_index
from search.storage.generation_files import (
    HASHING_SHARE,
    MappedFiles,
    are_as_written,
    are_intact,
    map_files,
    read_stamp,
    sync_file,
    sync_folder,
)
from search.storage.generation_rows import RowsWithBaselines, draw_sample, read_rows, write_rows
from search.storage.probe_choice import ProbeChoice, choose_by_recall

MAX_GENERATIONS = 2
# The cells; stored only for many vectors.
INDEX_FILE = "index.faiss"


@dataclass(frozen=True)
class GenerationManifest:
    """The description of a generation.

    Attributes:
        generation: The number of the generation.
        fingerprint: The fingerprint of the model.
        dimension: The length of a vector.
        mark: The highest embedding id in the generation; rows with higher ids were added later.
        count: The number of vectors.
        files: The SHA-256 of each file by name, in hexadecimal.
        bank: The digest of the query bank that the baselines were measured with.
        stamps: The size of each file in bytes and the time when it was written, in nanoseconds, by name.
        probing: How the cells are searched, and the recall that was measured; None if all vectors are compared.
    """

    generation: int
    fingerprint: str
    dimension: int
    mark: int = 0
    count: int = 0
    files: dict[str, str] | None = None
    bank: str = ""
    stamps: dict[str, list[int]] | None = None
    probing: ProbeChoice | None = None

    @property
    def name(self) -> str:
        """The name of the folder of the generation."""
        return f"generation-{self.generation:08d}"


@dataclass(frozen=True)
class BuildOptions:
    """How a generation is built.

    Attributes:
        device: `cpu` if no GPU may be used; otherwise `auto`, `cuda` or `cuda:1`.
        earlier: The intact rows of a generation of the same model and query bank. Their baselines are not computed
            again.
    """

    device: str = "auto"
    earlier: RowsWithBaselines | None = None


@dataclass(frozen=True)
class Generation:
    """A built index; immutable.

    Attributes:
        manifest: The description of the generation.
        index: The index of the vectors.
        stored: All rows. They are mapped files, as are the cells of the index.
        sample: Random rows.
        files: The mapped files.
        is_checked: Whether the content of the files was compared with the hashes in the manifest.
    """

    manifest: GenerationManifest
    index: VectorIndex
    stored: RowsWithBaselines
    sample: Sample
    files: MappedFiles
    is_checked: bool

    @property
    def rows(self) -> Rows:
        """All rows."""
        return self.stored.rows

    @property
    def baselines(self) -> Vectors:
        """The baselines of the rows, shape (n, k), float32."""
        return self.stored.baselines

    @property
    def is_mapped(self) -> bool:
        """Whether all files are still as long as when they were mapped."""
        return self.files.are_complete


def lock_folder(folder: Path) -> AbstractContextManager[object]:
    """Acquire the lock for building in a folder, and wait until it is free. Leave the context to release it."""
    import filelock

    folder.mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(folder / "build.lock").acquire()


def write_generation(
    folder: Path,
    blocks: Iterable[Rows],
    bank: QueryBank,
    draft: GenerationManifest,
    options: BuildOptions = BuildOptions(),
) -> GenerationManifest:
    """Build a generation and publish it; after a crash at any time the previous generation is still valid.

    Args:
        folder: The folder of the generations, which must be locked.
        blocks: All rows, ids ascending.
        bank: The query bank that baselines are measured with.
        draft: A manifest with the number, fingerprint and dimension.
        options: How to build it.

    Returns:
        The complete manifest.

    Raises:
        HomeError: The files cannot be written.
        CancelledError: This thread is to stop; the previous generation is kept.
    """
    target = folder / f".{draft.name}.{os.getpid()}.tmp"
    try:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        rows = write_rows(target, blocks, bank, draft.dimension, options.earlier)
        manifest = replace(
            draft,
            mark=int(rows.ids[-1]) if len(rows.ids) else 0,
            count=len(rows.ids),
            bank=bank.digest,
            probing=_write_index(target, rows, bank, options.device),
        )
        names = sorted(path.name for path in target.iterdir())
        files = {name: sync_file(target / name) for name in names}
        manifest = replace(manifest, files=files, stamps={name: read_stamp(target / name) for name in names})
        shutil.rmtree(folder / draft.name, ignore_errors=True)
        target.rename(folder / draft.name)
        _write_manifest(folder / f"{draft.name}.json", manifest)
    except OSError as error:
        raise HomeError(
            f"Cannot write {folder / draft.name}: {error.strerror}. Check the free space and the permissions."
        ) from error
    finally:
        shutil.rmtree(target, ignore_errors=True)
    _drop_old(folder, manifest.generation)
    return manifest


def find_generation_manifests(folder: Path, fingerprint: str, bank: str) -> list[GenerationManifest]:
    """Return the readable manifests of this model and query bank, newest first."""
    manifests = []
    for path in sorted(folder.glob("generation-*.json"), reverse=True):
        try:
            manifest = _parse_manifest(path.read_bytes())
        except (ValueError, TypeError, FileNotFoundError):
            continue
        if manifest.fingerprint == fingerprint and manifest.bank == bank and manifest.files:
            manifests.append(manifest)
    return manifests


def drop_generation(folder: Path, manifest: GenerationManifest) -> None:
    """Delete the manifest of a generation, so that it is not used."""
    with suppress(OSError):  # without write permission the generation is skipped in the same way
        (folder / f"{manifest.name}.json").unlink()


def load_generation(folder: Path, manifest: GenerationManifest) -> Generation | None:
    """Load a generation; return None when one of its files is missing or damaged.

    The content of large files that have their sizes and times is not compared with the hashes; see `check_generation`.
    """
    target = folder / manifest.name
    names = (manifest.files or {}).keys()
    try:
        is_checked = not are_as_written(target, manifest.stamps)
        if is_checked and not are_intact(target, manifest.files or {}):
            return None
        stored = read_rows(target, names, manifest.dimension)
        cells = read_index(target / INDEX_FILE) if INDEX_FILE in names and _has_cells(manifest) else None
        files = map_files([target / name for name in names])
    except (FileNotFoundError, ValueError, RuntimeError):  # RuntimeError is raised by FAISS
        return None
    if cells is not None and (cells.ntotal, cells.d) != (manifest.count, manifest.dimension):
        return None
    probes = manifest.probing.probes if manifest.probing is not None else None
    index = VectorIndex(stored.rows.ids, stored.rows.vectors, cells, probes)
    drawn = draw_sample(len(stored.rows.ids))
    sample = Sample(stored.sample, stored.rows.spoken[drawn], stored.baselines[drawn])
    return Generation(manifest, index, stored, sample, files, is_checked)


def check_generation(folder: Path, manifest: GenerationManifest, share: float = HASHING_SHARE) -> bool:
    """Return whether the content of all files of a generation has the hashes in its manifest.

    Args:
        folder: The folder of the generations.
        manifest: The description of the generation.
        share: The share of the time that this thread works.
    """
    return are_intact(folder / manifest.name, manifest.files or {}, share)


def _has_cells(manifest: GenerationManifest) -> bool:
    """Return whether the index has cells. Before version 0.2, small indexes had a file, too, which is not needed."""
    return manifest.probing is not None or manifest.count > MAX_FLAT_VECTORS


def _write_index(target: Path, rows: Rows, bank: QueryBank, device: str) -> ProbeChoice | None:
    """Write the cells, which only large generations have, and choose how they are searched."""
    cells = build_index(rows.ids, rows.vectors, device)
    if cells is None:
        return None
    write_index(cells, target / INDEX_FILE)
    return choose_by_recall(VectorIndex(rows.ids, rows.vectors, cells), bank.vectors)


def _parse_manifest(content: bytes) -> GenerationManifest:
    """Return a stored manifest. Raises ValueError or TypeError if it is not one."""
    fields = json.loads(content)
    probing = fields.pop("probing", None)
    return GenerationManifest(**fields, probing=ProbeChoice(**probing) if probing else None)


def _write_manifest(path: Path, manifest: GenerationManifest) -> None:
    """Publish a generation: write its manifest under a temporary name, sync it and rename it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as stream:
        stream.write(json.dumps(asdict(manifest)).encode())
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(path.parent)
    temporary.replace(path)
    sync_folder(path.parent)


def _drop_old(folder: Path, newest: int) -> None:
    """Delete all but the newest generations, and temporary files of crashed processes.

    Readers keep the files that they have open.
    """
    kept_names = {f"generation-{number:08d}" for number in range(newest - MAX_GENERATIONS + 1, newest + 1)}
    for path in [*folder.glob("generation-*"), *folder.glob(".generation-*.tmp")]:
        if path.stem in kept_names and path.suffix in ("", ".json"):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
