"""The model card, written from what the build measured."""

import json
from pathlib import Path
from typing import Any

LANGUAGE_NAMES = {"zh": "Chinese", "es": "Spanish", "fr": "French", "de": "German", "ja": "Japanese"}
TEMPLATE = Path(__file__).parent / "card.md"


def write_manifest(folder: Path) -> None:
    """Write `README.md` beside a manifest, from it."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    figures = manifest["figures"]
    rows = [
        _write_row("English captions, 1,000 Flickr8k photos (dev)", figures["captions"]),
        _write_row("the same, seen whole only", figures["captions, one view"]),
        _write_row("the same, shipped int8 tower", figures["captions, int8"]),
    ]
    for title, group in (("float32", "classes"), ("shipped int8 tower", "classes, int8")):
        if group in figures:
            rows.append(_write_row(f"English class names, 500 ImageNet photos, {title}", figures[group]["en"]))
            rows += [
                _write_row(f"{name} names of 100 classes, 500 photos, {title}", figures[group][language])
                for language, name in LANGUAGE_NAMES.items()
            ]
    manifest = TEMPLATE.read_text(encoding="utf-8").format(
        dimension=sum(manifest["image_parts"]),
        recipe=json.dumps(figures["recipe"]),
        rows="\n".join(rows),
        inputs=_write_hashes(manifest["inputs"]),
        outputs=_write_hashes(manifest["sha256"]),
    )
    (folder / "README.md").write_text(manifest, encoding="utf-8")


def _write_row(title: str, figures: dict[str, Any]) -> str:
    return f"| {title} | {figures['R@1']} | {figures['R@5']} | {figures['R@10']} |"


def _write_hashes(hashes: dict[str, str]) -> str:
    return "\n".join(f"| {name} | `{digest}` |" for name, digest in hashes.items())
