"""A picture with a few words beside it: does the answer show both, and does it come at all?

    python benchmarks/evaluation/composed.py --home HOME --out OUT --flickr DIR

OUT is what `build_library.py` made; the home holds OUT/library. For each pair ("a dog", "in the snow") photos that
show the one without the other are asked with words for the other. It prints the share of such queries that are told
that nothing is relevant, and over the first ten photos the share whose captions mention the picture's thing, the words'
thing, and both; the same for the picture alone and for the words alone.
"""

import statistics
from pathlib import Path

from captioned import PHOTOS, mention, open_captioned

from search.records import Query, QueryPart

DOG, WATER = "dogs?|puppy", "water|pool|lake|ocean|river|sea|waves?"
# what the picture shows, the words beside it, how captions say those
PAIRS = (
    (DOG, "in the snow", "snow|snowy"),
    (DOG, "in the water", WATER),
    (DOG, "on the grass", "grass|grassy|lawn|field"),
    (DOG, "with a ball", "balls?|tennis"),
    ("child|children|kids?|boys?|girls?", "in the water", WATER),
    ("child|children|kids?|boys?|girls?", "on a swing", "swing|swings|swinging"),
    ("man|men|guy", "on a bicycle", "bike|bikes|bicycle|bicycles|biker|bicyclist|cyclist"),
    ("man|men|guy", "climbing a rock", "climb|climbs|climbing|climber|rock|cliff"),
    ("woman|women|lady|ladies", "on a street", "street|sidewalk|road|city"),
    ("people|crowd|group", "in the mountains", "mountains?|cliff|hill"),
)
ASKED = 6


def main() -> None:
    """Ask every pair with some photos."""
    engine, captions = open_captioned(str(__doc__))
    figures: dict[str, list[tuple[float, ...]]] = {}
    for shown, words, others in PAIRS:
        photos = [path for path, five in sorted(captions.items()) if mention(five, shown) and not mention(five, others)]
        for path in photos[:: len(photos) // ASKED][:ASKED]:
            picture, text = QueryPart(image=Path(path).read_bytes()), QueryPart(text=words)
            for way, parts in (("both", (picture, text)), ("picture", (picture,)), ("words", (text,))):
                found = engine.search(Query(parts=parts, filters=PHOTOS, include_all=True, limit=11))
                hits = [captions[hit.item.path] for hit in found.hits if hit.item.path != path][:10]
                row = [(mention(five, shown), mention(five, others)) for five in hits]
                shares = (
                    statistics.mean(one)
                    for one in ((a for a, _ in row), (b for _, b in row), (a and b for a, b in row))
                )
                figures.setdefault(way, []).append((float(found.total == 0), float(found.total), *shares))
    for way, rows in figures.items():
        nothing, _, thing, other, both = (statistics.mean(column) for column in zip(*rows, strict=True))
        hits = statistics.median(row[1] for row in rows)
        print(
            f"{way:8} nothing relevant {nothing:.0%}; relevant hits {hits:.0f} (median); "
            f"of the first ten: the picture's thing {thing:.2f}, the words' {other:.2f}, both {both:.2f}"
        )


if __name__ == "__main__":
    main()
