"""Measure queries of an image with a few words: do the results show both?

    python benchmarks/evaluation/composed.py --home HOME --out OUT --flickr DIR

OUT is the output of `build_library.py`; OUT/library is indexed in the home. For each pair ("a dog", "in the snow"),
photos that show only the first are combined with words for the second. Prints the share of such queries that are
answered with "nothing relevant". Over the first ten photos it prints the share whose captions mention the subject of
the image, that of the words, and both; the same for only the image and for only the words.
"""

import statistics
from pathlib import Path

from captioned import PHOTOS, mention, open_captioned

from search.records import Query, QueryPart

DOG, WATER = "dogs?|puppy", "water|pool|lake|ocean|river|sea|waves?"
# A pattern for the subject of the image, the words, and a pattern for the words.
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
PHOTOS_PER_PAIR = 6


def main() -> None:
    """Run the queries of every pair and print the figures."""
    engine, captions = open_captioned(str(__doc__))
    figures: dict[str, list[tuple[float, ...]]] = {}
    for image_pattern, words, words_pattern in PAIRS:
        photos = [
            path
            for path, photo_captions in sorted(captions.items())
            if mention(photo_captions, image_pattern) and not mention(photo_captions, words_pattern)
        ]
        for path in photos[:: len(photos) // PHOTOS_PER_PAIR][:PHOTOS_PER_PAIR]:
            image, text = QueryPart(image=Path(path).read_bytes()), QueryPart(text=words)
            for parts_used, parts in (("both", (image, text)), ("image", (image,)), ("words", (text,))):
                found = engine.search(Query(parts=parts, filters=PHOTOS, include_all=True, limit=11))
                hits = [captions[hit.item.path] for hit in found.hits if hit.item.path != path][:10]
                mentions = [
                    (mention(photo_captions, image_pattern), mention(photo_captions, words_pattern))
                    for photo_captions in hits
                ]
                shares = (
                    statistics.mean(column)
                    for column in ((a for a, _ in mentions), (b for _, b in mentions), (a and b for a, b in mentions))
                )
                figures.setdefault(parts_used, []).append((float(found.total == 0), float(found.total), *shares))
    for parts_used, rows in figures.items():
        nothing, _, of_image, of_words, both = (statistics.mean(column) for column in zip(*rows, strict=True))
        relevant = statistics.median(row[1] for row in rows)
        print(
            f"{parts_used:8} nothing relevant {nothing:.0%}; relevant results {relevant:.0f} (median); "
            f"of the first ten: subject of the image {of_image:.2f}, of the words {of_words:.2f}, both {both:.2f}"
        )


if __name__ == "__main__":
    main()
