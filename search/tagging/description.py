"""The tags of which the short description of an image is made."""

from collections.abc import Mapping, Sequence

from search.records import MachineTag

MAX_TAGS = 3


def choose_tags(tags: Sequence[MachineTag], broader: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names of the tags that describe an image best, without those that a more specific tag implies.

    Args:
        tags: The tags of the image, the most probable first.
        broader: The names of more general tags by name.
    """
    implied = {name for tag in tags for name in broader.get(tag.name, ())}
    return [tag.name for tag in tags if tag.name not in implied][:MAX_TAGS]
