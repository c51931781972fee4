"""The JSON form of a search, which the REST API, the addresses of the web page and saved searches share."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, create_model

from search.errors import UsageError
from search.query.filters import ItemId, make_filters, make_request_fields
from search.query.limits import MAX_CHARACTERS, limited_by
from search.records import Filters, Query, QueryPart, Retriever, Sort, Tier

MAX_LIMIT = 1000
# Characters of a cursor; what the server makes is shorter.
MAX_CURSOR = 100_000
Model = TypeVar("Model", bound=BaseModel)
# A character that ends a file name, and characters that UTF-8 cannot encode.
_HALF_CHARACTERS = re.compile(r"[\ud800-\udfff]")
_INVALID_CHARACTERS = re.compile(r"[\x00\ud800-\udfff]")
# Fields that contain any text to search for.
_SEARCHED_TEXTS = {"text", "q"}
Fraction = Annotated[float, Field(ge=0, le=1)]
# A text of a query. The limit is that of all its texts together.
QueryText = Annotated[str, Field(max_length=MAX_CHARACTERS, json_schema_extra=limited_by(maxLength="query_characters"))]


LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
# The fields of which a part has exactly one, and their types in JSON.
CONTENT = {"text": "string", "item": "integer", "image": "integer", "query_image": "string"}


def _describe_choice(types: Mapping[str, str]) -> list[JsonValue]:
    """Return schemas of which exactly one is valid: one of some fields is set, the others are missing or null."""
    return [{"required": [name], "properties": {name: {"type": kind}}} for name, kind in types.items()]


class PartRequest(BaseModel):
    """A part of a mixed query. Exactly one of text, item, query_image and image is set.

    Attributes:
        text: A text.
        item: The id of an item.
        query_image: The id of an image that was uploaded before.
        image: The index of the uploaded file, from 0.
        weight: The weight of the part; a negative weight ranks similar items lower.
        crop: The region of the image: left, top, width and height, as fractions of the size of the image.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"oneOf": _describe_choice(CONTENT)})

    text: QueryText | None = None
    item: ItemId | None = None
    image: int | None = Field(None, ge=0)
    query_image: str | None = Field(None, pattern=r"^[0-9a-f]{32}$")
    weight: float = Field(1.0, ge=-10, le=10)
    crop: tuple[Fraction, Fraction, Fraction, Fraction] | None = None

    def make_part(self, images: tuple[bytes, ...]) -> QueryPart:
        """Return the part for the engine.

        Args:
            images: The uploaded files.

        Raises:
            UsageError: The image was not uploaded.
        """
        if self.image is not None and self.image >= len(images):
            raise UsageError(f"parts: there is no uploaded image {self.image}; {len(images)} images were sent")
        image = images[self.image] if self.image is not None else None
        return QueryPart(self.text, image, self.item, self.weight, self.crop, self.query_image)


# A model with a field for every filter. Type checkers do not know these fields.
if TYPE_CHECKING:
    FilterRequest = BaseModel
else:
    FilterRequest = create_model("FilterRequest", **make_request_fields())


class SearchRequest(FilterRequest):
    """A search. Every field is optional, but a search needs a text, an image, a recording, an item or a filter.

    Attributes:
        text: The query, in any of about 100 languages; it can contain the query language.
        exclude: Texts that describe what results must not show or say.
        like: The ids of items that results should resemble.
        weights: A factor for each retriever; 1 if it is not set.
        parts: A weighted mix of texts, items and images.
        sort: The order of the relevant results.
        stack: Whether near-duplicate images are stacked into one result.
        voice_language: The language of the recording (ISO 639-1), such as `de`. It is detected if it is not set.
        voice_languages: The likely languages of the recording; only these are detected. All if there are none.
        diversity: Prefer results that differ from those above them: 0 not at all, 1 as far as possible.
        limit: The number of results on a page.
        cursor: The `next` of the page before.
        include_all: The whole ranking, page by page: the relevant results, the possible ones, then everything else.
        tier: Only results of this tier.
        correct: Whether typing errors may be corrected.
        recognize: Whether words that name a date or a kind of item become filters: "last summer", "photos of".
        literal: Words of the text that are searched for although they name a date or a kind of item, as the answer
            lists them in `recognized`.
        explain: Add `raw` and `terms`, the components of the score, to each evidence.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    text: QueryText | None = None
    exclude: list[QueryText] = Field(default_factory=list, alias="not", max_length=20)
    like: list[ItemId] = Field(default_factory=list, max_length=20)
    weights: dict[Retriever, Annotated[float, Field(ge=0, le=10)]] = Field(default_factory=dict)
    parts: list[PartRequest] = Field(default_factory=list, max_length=20)
    sort: Sort = Sort.RELEVANCE
    stack: bool = True
    voice_language: LanguageCode | None = None
    voice_languages: list[LanguageCode] = Field(default_factory=list, max_length=20)
    diversity: float = Field(0.0, ge=0, le=1)
    limit: int = Field(20, ge=1, le=MAX_LIMIT)
    cursor: str | None = Field(None, max_length=MAX_CURSOR)
    include_all: bool = Field(False, alias="all")
    tier: Tier = Tier.RELEVANT
    correct: bool = True
    recognize: bool = True
    literal: list[QueryText] = Field(default_factory=list, max_length=20)
    explain: bool = False

    def make_filters(self) -> Filters:
        """Return the filters of the request."""
        return make_filters(dict(self))

    def make_query(self, images: tuple[bytes, ...] = (), voice: bytes | None = None) -> Query:
        """Return the query for the engine.

        Args:
            images: The uploaded images. Those that no part refers to become parts of weight 1.
            voice: The uploaded recording.

        Raises:
            UsageError: A part refers to an image that was not uploaded.
        """
        used = {part.image for part in self.parts}
        parts = [part.make_part(images) for part in self.parts]
        parts += [QueryPart(item=item_id) for item_id in self.like]
        parts += [QueryPart(image=image) for index, image in enumerate(images) if index not in used]
        return Query(
            text=self.text,
            parts=tuple(parts),
            voice=voice,
            voice_language=self.voice_language,
            voice_languages=tuple(self.voice_languages),
            exclude=tuple(self.exclude),
            weights=self.weights,
            filters=self.make_filters(),
            limit=self.limit,
            cursor=self.cursor,
            include_all=self.include_all,
            tier=self.tier,
            correct=self.correct,
            recognize=self.recognize,
            literal=tuple(self.literal),
            explain=self.explain,
            sort=self.sort,
            stack=self.stack,
            diversity=self.diversity,
        )


def parse_request(fields: object) -> SearchRequest:
    """Validate the fields of a search request.

    Raises:
        UsageError: A field is not valid. The message names the first such field.
    """
    return check_fields(SearchRequest, fields)


def check_fields(model: type[Model], fields: object, strict: bool = False) -> Model:
    """Validate fields with a pydantic model.

    Args:
        model: The model.
        fields: The fields.
        strict: Whether numbers and truth values must have their type, and not be written as text.

    Raises:
        UsageError: A field is not valid. The message names the first such field.
    """
    _refuse_characters(fields, "body")
    fields = rename_fields(model, fields) if isinstance(fields, dict) else fields
    try:
        return model.model_validate(fields, strict=strict or None)
    except ValidationError as error:
        raise UsageError(_explain(model, error.errors()[0])) from error


def rename_fields(model: type[BaseModel], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields with the current name of each that has an earlier name.

    Args:
        model: The model; its attribute `old_names` has the names by which earlier versions called some fields.
        fields: The fields.
    """
    old_names: Mapping[str, str] = getattr(model, "old_names", {})
    return {old_names.get(name, name): value for name, value in fields.items()}


def _explain(model: type[BaseModel], error: Mapping[str, Any]) -> str:
    """Return a message about a field that is not valid; for an unknown field, with the most similar known one."""
    *parents, name = error["loc"] or ("body",)
    if error["type"] != "extra_forbidden":
        return f"{'.'.join(map(str, (*parents, name)))}: {error['msg'].removeprefix('Value error, ')}"
    where = f"{'.'.join(map(str, parents))}: " if parents else ""
    known = _list_names(_find_model(model, parents))
    from difflib import get_close_matches

    similar = get_close_matches(str(name).lower(), known, n=1)
    hint = f"; did you mean `{similar[0]}`?" if similar else f". Known fields: {', '.join(known)}."
    return f"{where}Unknown field `{str(name)[:60]}`{hint}"


def _list_names(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _find_model(model: type[BaseModel], path: Sequence[int | str]) -> type[BaseModel]:
    """Return the model of the object at a path below a model."""
    for name in path:
        fields = {field.alias or key: field for key, field in model.model_fields.items()}
        nested = list(_list_models(fields[name].annotation)) if name in fields else []
        model = nested[0] if nested else model
    return model


def _list_models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models in a type such as `list[PartRequest] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _list_models(argument)


def _refuse_characters(value: object, name: str) -> None:
    """Refuse characters that no file name can contain: single halves of surrogate pairs and, except in texts, NUL.

    Raises:
        UsageError: A text contains such a character.
    """
    waiting = [(name, value)]  # a list instead of recursion: documents can be deep
    while waiting:
        name, value = waiting.pop()
        invalid = _HALF_CHARACTERS if name.rpartition(".")[2] in _SEARCHED_TEXTS else _INVALID_CHARACTERS
        if isinstance(value, str) and (found := invalid.search(value)):
            kind = "the character NUL" if found[0] == "\0" else "half of a surrogate pair"
            raise UsageError(f"{name}: contains {kind}, which is not allowed. Remove it.")
        if isinstance(value, dict):
            prefix = "" if name == "body" else f"{name}."
            waiting += [(name, key) for key in value]
            waiting += [(f"{prefix}{key}", nested) for key, nested in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{name}.{index}", nested) for index, nested in enumerate(value)]
