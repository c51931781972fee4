"""The names of attributes of records in JSON."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# Where they differ: a truth value has no `is_` in JSON.
JSON_NAMES = {"is_disabled": "disabled", "is_shared": "shared", "is_present": "present"}


def serialize_record(record: "DataclassInstance") -> dict[str, Any]:
    """Return the fields of a record as a JSON document."""
    return {JSON_NAMES.get(name, name): value for name, value in asdict(record).items()}
