"""The query bank: unrelated texts that images and queries are compared with, to measure their baseline similarity.

Half of the texts are the names of the 1,000 ImageNet classes. The other half are everyday queries (people, actions,
places, appearances) and descriptions of scenes built from them. The texts were written for this project and include no
captions of any data set. They are the same for every model.
"""

from functools import cache
from pathlib import Path

BANK_FILE = Path(__file__).parent / "bank.txt"


@cache
def read_bank_texts() -> tuple[str, ...]:
    """Read the texts of the query bank."""
    return tuple(BANK_FILE.read_text(encoding="utf-8").splitlines())
