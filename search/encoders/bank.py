"""The query bank: unrelated texts that every picture and every query is compared with.

Half of it are names of things (the 1,000 ImageNet classes), the rest what people look for every day (people, actions,
places, looks) and descriptions of scenes put together from these. It was written for this project, holds no caption of
any collection, and is the same for every model.
"""

from functools import cache
from pathlib import Path

BANK_FILE = Path(__file__).parent / "bank.txt"


@cache
def read_bank_texts() -> tuple[str, ...]:
    """Read the texts of the query bank."""
    return tuple(BANK_FILE.read_text(encoding="utf-8").splitlines())
