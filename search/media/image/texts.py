"""Read the text chunks of PNG, and recognize texts that cameras and image generators write."""

import json
import re
from collections.abc import Iterator
from typing import Any

from PIL import Image

from search.media.dates import read_date
from search.media.metadata import clean_text, pick_first
from search.records import MediaFacts

# Descriptions that cameras and programs write into every image.
BOILERPLATE = re.compile(
    r"(?:(?:konica )?minolta|olympus|sony|kodak|samsung|nikon|panasonic|pentax)?[ _]?(?:digital (?:still )?camera|dsc)"
    r"|\{.*\}|<\?xml.*|imagej=.*"  # the structure of scientific images
    r"|default|untitled|created with (?:the )?gimp|image description|dcim\\.*|<?digimax.*|.*xap metadata.*",
    re.IGNORECASE,
)
# Where the settings begin that image generators write after the prompt.
_SETTINGS = re.compile(r"\s*(?:Negative prompt:|Steps: \d)")
# The names of the inputs that contain the prompt in the nodes of a workflow.
PROMPT_INPUTS = ("text", "text_g", "text_l", "prompt")
MAX_PROMPT_CHARACTERS = 200_000


def read_texts(image: Image.Image) -> MediaFacts:
    """Return the metadata in the text chunks of an open image."""
    texts = {name.lower(): value for name, value in image.info.items() if isinstance(name, str)}

    def read(name: str) -> str | None:
        return clean_text(texts.get(name))

    return MediaFacts(
        title=read("title"),
        captured_at=read_date(read("creation time")),
        artist=read("author"),
        description=pick_first(
            clean_description(read("description")),
            clean_text(read_prompt(texts.get("parameters"))),
            clean_text(_read_workflow(texts.get("prompt"))),
        ),
    )


def clean_description(value: Any) -> str | None:
    """Return a description as `clean_text` does; None if cameras or programs write it into every image."""
    text = clean_text(value)
    return None if text is None or BOILERPLATE.fullmatch(text) else text


def read_prompt(value: Any) -> str | None:
    """Return the prompt that an image was generated from, without the settings that follow it."""
    return _SETTINGS.split(value, maxsplit=1)[0] if isinstance(value, str) else None


def _read_workflow(value: Any) -> str | None:
    """Return the first prompt in a workflow of an image generator; a value that is not JSON is the prompt itself."""
    if not isinstance(value, str) or len(value) > MAX_PROMPT_CHARACTERS:
        return None
    try:
        workflow = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return next(_find_prompts(workflow), None) if isinstance(workflow, dict) else None


def _find_prompts(workflow: dict[str, Any]) -> Iterator[str]:
    for node in workflow.values():
        inputs = node.get("inputs") if isinstance(node, dict) else None
        if isinstance(inputs, dict) and "TextEncode" in str(node.get("class_type")):
            yield from (inputs[name] for name in PROMPT_INPUTS if isinstance(inputs.get(name), str))
