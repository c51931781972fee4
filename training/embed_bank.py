"""Embed the texts of the query bank for `compact`: run again when the bank or the text encoder changes.

    python training/embed_bank.py
"""

import numpy as np

from search.encoders.bank import read_bank_texts
from search.models.compact import FOLDER, CompactFiles
from search.models.compact.towers import E5Encoder, center_queries
from search.models.runtime import Machine
from search.settings import count_cores


def main() -> None:
    """Write `bank.npy` into the package."""
    files = CompactFiles()
    rows = center_queries(files, E5Encoder(files.text_graph, Machine(count_cores())), read_bank_texts())
    np.save(FOLDER / "bank.npy", rows.astype("<f2"))


if __name__ == "__main__":
    main()
