"""Pydantic models for responses, and their JSON Schema."""

import inspect
import re
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.json_schema import GenerateJsonSchema

from search.records.json_names import JSON_NAMES

# `name: description`, with continuation lines that are indented further.
_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n {8,}\S.*)*)", re.MULTILINE)


class Document(BaseModel):
    """A response, or a part of one.

    Tests validate every response with these models and allow no other fields. Clients must ignore fields that they do
    not know, because later versions may add some; the schema therefore allows them.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=lambda schema: schema.pop("additionalProperties", None))


class ContractSchema(GenerateJsonSchema):
    """JSON Schema without generated titles, with descriptions from the `Attributes` of docstrings."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Return False: names of fields need no title."""
        return False

    def model_schema(self, schema: Any) -> dict[str, Any]:
        """Return the schema of a model."""
        return _describe(super().model_schema(schema), schema["cls"])

    def dataclass_schema(self, schema: Any) -> dict[str, Any]:
        """Return the schema of a dataclass."""
        return _describe(super().dataclass_schema(schema), schema["cls"])

    def named_tuple_schema(self, schema: Any) -> dict[str, Any]:
        """Return the schema of a named tuple, with its description."""
        return super().named_tuple_schema(schema) | {"description": read_summary(schema["cls"])}

    def enum_schema(self, schema: Any) -> dict[str, Any]:
        """Return the schema of an enumeration, without its title."""
        found = super().enum_schema(schema)
        found.pop("title", None)
        return found


@dataclass(frozen=True)
class DescribedAs:
    """Marks a value, as the metadata of `Annotated`, that is described by a model but not validated with it."""

    model: type[BaseModel]

    def __get_pydantic_json_schema__(self, _schema: Any, handler: Any) -> dict[str, Any]:
        """Return the schema of the model."""
        described: dict[str, Any] = handler(self.model.__pydantic_core_schema__)
        return described


def make_record_document(record: type[Any], name: str, omits_empty: bool = False) -> Any:
    """Return a response model with the fields and the descriptions of a record.

    Args:
        record: A dataclass.
        name: The name of the model.
        omits_empty: Whether fields with default values may be missing from the response.
    """
    hints = get_type_hints(record)
    descriptions = read_attributes(record)
    declared: dict[str, Any] = {}
    for field in fields(record):
        default: Any = ...
        if omits_empty and (field.default is not MISSING or field.default_factory is not MISSING):
            default = None if field.default is MISSING else field.default
        described = Field(default, description=descriptions.get(field.name))
        declared[JSON_NAMES.get(field.name, field.name)] = (hints[field.name], described)
    return create_model(name, __base__=Document, __doc__=read_summary(record), **declared)


def read_attributes(declared: type[Any]) -> dict[str, str]:
    """Return the descriptions in the `Attributes` section of the docstring of a class, by the name of the attribute."""
    _, _, section = (inspect.getdoc(declared) or "").partition("Attributes:\n")
    return {name: fold(text) for name, text in _ATTRIBUTE.findall(section)}


def fold(text: str) -> str:
    """Return a text with each of its paragraphs in one line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))


def read_summary(declared: type[Any]) -> str:
    """Return the docstring of a class without its `Attributes` section, each paragraph in one line."""
    text = (inspect.getdoc(declared) or "").partition("Attributes:\n")[0]
    return fold(text)


def _describe(schema: dict[str, Any], declared: type[Any]) -> dict[str, Any]:
    """Add descriptions to a schema and drop its title."""
    schema.pop("title", None)
    schema["description"] = read_summary(declared)
    properties = schema.get("properties", {})
    aliases = {name: field.alias for name, field in getattr(declared, "model_fields", {}).items() if field.alias}
    for base in declared.__mro__:
        for name, text in read_attributes(base).items():
            properties.get(aliases.get(name, name), {}).setdefault("description", text)
    return schema
