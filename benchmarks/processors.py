"""Compare the vectors of the bundled model between processors.

    PYTHONPATH=. python benchmarks/processors.py FILE.npz [--photos DIR] [--count 8]

If the file does not exist, the vectors of passages, queries and images are written to it. If it exists, the vectors of
this processor are compared with those of the file; the status is 1 if a cosine is below .999. Run it on two machines,
or on one with an emulated processor that has AVX2 only (the Debian package `qemu-user`):

    PYTHONPATH=. qemu-x86_64 -cpu Haswell .venv/bin/python benchmarks/processors.py FILE.npz

The emulation takes minutes: `--count 3` compares only the first texts and images.

Without photos, the images are noise with the frequencies of photos.
"""

import argparse
import hashlib
import platform
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from search.encoders.compact.files import CompactFiles
from search.encoders.compact.towers import CompactImageEncoder, CompactTextEncoder, open_e5
from search.encoders.runtime import Machine
from search.media.image.pillow import USEFUL_SIDE, make_noise, open_image
from search.records import Vectors
from search.settings import count_cores

MIN_COSINE = 0.999
# Instruction sets by which the products of the models differ.
CHECKED_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8")
TEXTS = (
    "dog",
    "two children are playing on the beach",
    "Die Rechnung über den neuen Kühlschrank liegt im Ordner mit den Garantien, zusammen mit dem Kaufvertrag.",
    "La réunion du comité est reportée au mardi prochain, à dix heures, dans la salle bleue.",
    "我们上个月在京都拍的照片里有很多红色的鸟居和小巷子。",
    "El contrato del apartamento vence en junio y hay que avisar con dos meses de antelación.",
    "In 1911 the harbour was deepened to 9.5 m, which let ships of 12,000 tons unload at the new quay. " * 5,
    "The minutes of the meeting were approved. " * 60,
)


def compute_vectors(photos: Path | None, count: int) -> dict[str, Vectors]:
    """Return the vectors by kind, each of shape (n, d).

    Args:
        photos: A folder of JPEG files; None for noise.
        count: The number of texts and of images.
    """
    machine, files = Machine(threads=count_cores()), CompactFiles()
    e5 = open_e5(files, machine)
    texts, images = CompactTextEncoder(files, e5, machine), CompactImageEncoder(files, e5, machine)
    paths = sorted(photos.glob("*.jpg"))[:count] if photos else []
    pictures = [open_image(path, USEFUL_SIDE)[0] for path in paths] or make_noise(count)
    return {
        "passages": texts.encode_passages(TEXTS[:count]),
        "queries": texts.encode_queries(TEXTS[:count]),
        "images": images.encode_images([images.transform(picture) for picture in pictures]),
    }


def hash_vectors(rows: Vectors) -> str:
    """Return a fingerprint of vectors, which is equal only if they are bit for bit the same."""
    return hashlib.sha256(np.ascontiguousarray(rows, "<f4").tobytes()).hexdigest()[:16]


def describe_processor() -> str:
    """Return the instruction sets of the processor that matter here, as the operating system reports them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return " ".join(flag for flag in CHECKED_FLAGS if flag in flags) or platform.machine()


def compare(stored: Mapping[str, Vectors], vectors: Mapping[str, Vectors]) -> bool:
    """Print how close the vectors are, and return whether all are close enough."""
    are_close = True
    for kind, rows in vectors.items():
        cosines = (rows * stored[kind][: len(rows)]).sum(1)
        are_close &= bool(cosines.min() >= MIN_COSINE)
        print(f"{kind}: cosine {cosines.mean():.6f}, lowest {cosines.min():.6f}")
    return are_close


def main() -> None:
    """Write the vectors of this processor, or compare them with those of another one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--count", type=int, default=len(TEXTS))
    options = parser.parse_args()
    vectors = compute_vectors(options.photos, options.count)
    for kind, rows in vectors.items():
        print(f"{kind}: {len(rows)} vectors, fingerprint {hash_vectors(rows)}")
    if not options.file.exists():
        np.savez(options.file, processor=np.array(describe_processor()), **vectors)
        return
    with np.load(options.file) as stored:
        print(f"compared with a processor with {stored['processor']}")
        if not compare(stored, vectors):
            raise SystemExit(1)


if __name__ == "__main__":
    main()
