"""Embed the fixed texts of `search/retrieval/reference` with the bundled text encoder, and write `compact.npz`.

    python training/embed_reference.py

Run it again when one of the texts or the bundled model changes.
"""

from search.encoders.registry import TEXT_MODEL, load_text_encoder
from search.encoders.runtime import Machine
from search.retrieval.semantic import PACKAGED_FILE, embed_reference, name_reference, write_reference
from search.settings import count_cores


def main() -> None:
    """Embed the texts and write the file."""
    encoder = load_text_encoder(TEXT_MODEL, PACKAGED_FILE.parent, Machine(count_cores()))
    write_reference(PACKAGED_FILE, name_reference(encoder.fingerprint), embed_reference(encoder))
    print(f"{PACKAGED_FILE}: {PACKAGED_FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
