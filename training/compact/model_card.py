"""Write the model card from a template and the figures in the manifest."""

import json
from pathlib import Path
from typing import Any

LANGUAGE_NAMES = {"zh": "Chinese", "es": "Spanish", "fr": "French", "de": "German", "ja": "Japanese"}
TEMPLATE = Path(__file__).with_suffix(".md")


def write_model_card(folder: Path) -> None:
    """Write the model card as `README.md` next to the manifest in a folder."""
    (folder / "README.md").write_text(format_model_card(folder), encoding="utf-8")


def format_model_card(folder: Path) -> str:
    """Return the model card: the template with the figures and hashes of the manifest in a folder."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return TEMPLATE.read_text(encoding="utf-8").format(
        dimension=sum(manifest["image_parts"]),
        recipe=json.dumps(manifest["figures"]["recipe"]),
        rows="\n".join(_list_rows(manifest["figures"])),
        inputs=_format_hashes(manifest["inputs"]),
        outputs=_format_hashes(manifest["sha256"]),
    )


def _list_rows(figures: dict[str, Any]) -> list[str]:
    rows = [
        _format_row("English captions, 1,000 Flickr8k photos (dev)", figures["captions"]),
        _format_row("the same, whole view only", figures["captions, one view"]),
        _format_row("the same, shipped int8 encoder", figures["captions, int8"]),
    ]
    for title, group in (("float32", "classes"), ("shipped int8 encoder", "classes, int8")):
        if group in figures:
            rows.append(_format_row(f"English class names, 500 ImageNet photos, {title}", figures[group]["en"]))
            rows += [
                _format_row(f"{name} names of 100 classes, 500 photos, {title}", figures[group][language])
                for language, name in LANGUAGE_NAMES.items()
            ]
    return rows


def _format_row(title: str, figures: dict[str, Any]) -> str:
    return f"| {title} | {figures['R@1']} | {figures['R@5']} | {figures['R@10']} |"


def _format_hashes(hashes: dict[str, str]) -> str:
    return "\n".join(f"| {name} | `{digest}` |" for name, digest in hashes.items())
