"""Measure how often typing errors are corrected, and how often right queries are changed.

    python benchmarks/evaluation/misspellings.py [--split fit|judge] [--show]

Reads `misspellings.tsv`: every other line was used to set the costs (`fit`), the others are for measuring (`judge`).
Also counts how many strings of random letters are changed.
"""

import argparse
import csv
import time
from pathlib import Path

from texts import make_nonsense

from search.query.correction import correct_query
from search.text.language import detect_language

FILE = Path(__file__).parent / "misspellings.tsv"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=["fit", "judge"], default="judge")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    rows = list(csv.DictReader(FILE.open(encoding="utf-8"), delimiter="\t", quoting=csv.QUOTE_NONE))
    chosen = rows[options.split == "judge" :: 2]
    correct_query("warm upp", (), detect_language)
    for kind in ("error", "stay"):
        right, milliseconds = 0, []
        rows_of_kind = [row for row in chosen if row["kind"] == kind]
        for row in rows_of_kind:
            began = time.perf_counter()
            corrected = correct_query(row["query"], (), detect_language) or row["query"]
            milliseconds.append((time.perf_counter() - began) * 1000)
            right += corrected == row["expected"]
            if options.show and corrected != row["expected"]:
                print(f"    {row['query']} -> {corrected}, not {row['expected']}")
        median = sorted(milliseconds)[len(milliseconds) // 2]
        print(f"{options.split} {kind}: {right} of {len(rows_of_kind)} right, {median:.1f} ms (median)")
    for words in (1, 2, 3):
        nonsense = make_nonsense(options.split, words)
        changed = [(text, corrected) for text in nonsense if (corrected := correct_query(text, (), detect_language))]
        print(
            f"{len(changed)} of {len(nonsense)} random strings of {words} words changed",
            changed[:8] if options.show else "",
        )


if __name__ == "__main__":
    main()
