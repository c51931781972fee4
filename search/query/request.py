"""The JSON form of a search, which the REST API, the addresses of the web page and saved searches share."""

from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from search.errors import UsageError
from search.query.filters import make_filters, make_request_fields
from search.records import Filters, Query, QueryPart, Retriever, Sort, Tier

MAX_LIMIT = 1000
Model = TypeVar("Model", bound=BaseModel)
Fraction = Annotated[float, Field(ge=0, le=1)]


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

    model_config = ConfigDict(extra="forbid")

    text: str | None = Field(None, max_length=20_000)
    item: int | None = Field(None, ge=1, lt=2**63)
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
    """The body of a search; the multipart form has the same fields."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    text: str | None = Field(None, max_length=20_000)
    exclude: list[str] = Field(default_factory=list, alias="not", max_length=20)
    like: list[Annotated[int, Field(ge=1, lt=2**63)]] = Field(default_factory=list, max_length=20)
    weights: dict[Retriever, Annotated[float, Field(ge=0, le=10)]] = Field(default_factory=dict)
    parts: list[PartRequest] = Field(default_factory=list, max_length=20)
    sort: Sort = Sort.RELEVANCE
    stack: bool = True
    diversity: float = Field(0.0, ge=0, le=1)
    limit: int = Field(20, ge=1, le=MAX_LIMIT)
    cursor: str | None = None
    include_all: bool = Field(False, alias="all")
    tier: Tier = Tier.RELEVANT
    correct: bool = True
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
            exclude=tuple(self.exclude),
            weights=self.weights,
            filters=self.make_filters(),
            limit=self.limit,
            cursor=self.cursor,
            include_all=self.include_all,
            tier=self.tier,
            correct=self.correct,
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


def check_fields(model: type[Model], fields: object) -> Model:
    """Validate fields with a pydantic model.

    Raises:
        UsageError: A field is not valid. The message names the first such field.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "body"
        raise UsageError(f"{name}: {first['msg']}") from error
