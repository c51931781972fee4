"""Responses about the vocabulary of the tags that the machine gives."""

from search.tagging.vocabulary import TagGroup
from web.contract.documents import Document


class VocabularyTag(Document):
    """A tag of the vocabulary.

    Attributes:
        name: Its English name, which identifies it.
        group: What it describes.
        names: Its names by language (ISO 639-1); the filter `machine_tags` accepts each of them.
        given: Whether the machine gives it. A tag that is not precise enough, or could not be measured, is not given.
        precision: The measured share of right items among those with the tag, 0 to 1; null if it was not measured.
        recall: The measured share of the items that show it which get the tag; null if it was not measured.
        measured_together: Whether these figures are those of many tags that occur too rarely to be measured alone.
        count: The number of items with the tag that the caller may read.
    """

    name: str
    group: TagGroup
    names: dict[str, str]
    given: bool
    precision: float | None
    recall: float | None
    measured_together: bool
    count: int


class MachineTagList(Document):
    """The tags that the machine can give, in the order of the vocabulary."""

    tags: list[VocabularyTag]
