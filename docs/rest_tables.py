"""Write the tables of the REST documentation from the OpenAPI document.

Run `python -m docs.rest_tables` from the root of the repository after changing a route; a test compares the result.
"""

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill
from typing import Any

from docs.filter_tables import make_table
from search.engine import Engine
from search.open_home import open_home
from search.records import FILTERS
from search.settings import Settings
from web.app import create_app
from web.contract.openapi import make_document
from web.contract.outline import BodyRow, FieldRow, RouteRow, list_groups, list_schemas
from web.contract.problems import list_problem_types

REST = Path(__file__).parent / "rest.md"
BLOCK = re.compile(r"(<!-- (\w+): written by docs/rest_tables.py -->\n).*?(<!-- end of \2 -->)", re.S)
# Fields of an address that are those of a search.
SEARCH = "limit", "tier", "explain"


def make_tables(document: dict[str, Any]) -> dict[str, str]:
    """Return each table by its name.

    Args:
        document: The OpenAPI document.
    """
    schemas = list_schemas(document)
    groups = list_groups(document)
    fields = [field for field in schemas["SearchRequest"]["fields"] if field.name not in FILTERS]
    shown = {"SearchAnswer", "QueryDocument", "HitDocument", "EvidenceDocument", "ItemDocument", "ProblemDocument"}
    taken = {body.schema for routes in groups.values() for route in routes for body in route.bodies} | {"PartRequest"}
    return {
        "routes": make_table(
            ("route", "role", "what it does", "request", "response"),
            [_describe(route, schemas) for routes in groups.values() for route in routes],
        ),
        "fields": _make_field_table(fields),
        "parts": _make_field_table(schemas["PartRequest"]["fields"]),
        "answer": _make_field_table(schemas["SearchAnswer"]["fields"]),
        "query": _make_field_table(schemas["QueryDocument"]["fields"]),
        "hit": _make_field_table(schemas["HitDocument"]["fields"]),
        "evidence": _make_field_table(schemas["EvidenceDocument"]["fields"]),
        "item": _make_field_table(schemas["ItemDocument"]["fields"]),
        "schemas": "\n".join(
            _describe_schema(name, schema) for name, schema in schemas.items() if name not in shown | taken
        ),
        "problems": make_table(
            ("type", "status", "meaning"),
            [(f"`{one.type}`", str(one.status), f"{one.meaning} {one.advice}".strip()) for one in list_problem_types()],
        ),
    }


def _describe_schema(name: str, schema: dict[str, Any]) -> str:
    """Return the section of a schema; for an enumeration, its values."""
    if schema["values"]:
        body = ", ".join(f"`{value}`" for value in schema["values"])
    else:
        body = _make_field_table(schema["fields"]).rstrip() if schema["fields"] else ""
    return "\n\n".join(filter(None, [f"### {name}", fill(schema["description"], 100), body])) + "\n"


def _make_field_table(fields: list[FieldRow]) -> str:
    rows = [(f"`{field.name}`", field.type, field.description.replace("|", "\\|")) for field in fields]
    return make_table(("field", "type", "meaning"), rows)


def _describe(route: RouteRow, schemas: dict[str, Any]) -> tuple[str, ...]:
    (success, *_) = route.responses
    text = " ".join(filter(None, [f"{route.summary}.", route.description.replace("\n\n", " ")]))
    status = [success.status] if success.status != "200" else []
    answers = [f"`{body.schema}`" for body in success.bodies if body.schema]
    query = [field.name for field in route.parameters if field.place == "query"]
    takes = [_list_bodies(route.bodies, schemas)] if route.bodies else []
    if set(SEARCH) <= set(query):
        takes.append("the fields of a search in the address")
    elif query:
        takes.append(", ".join(f"`?{name}=`" for name in query))
    name, response = f"`{route.method} {route.path}`", ": ".join([*status, *answers[:1]])
    return name, route.role, text, "; ".join(takes), response


def _list_bodies(bodies: tuple[BodyRow, ...], schemas: dict[str, Any]) -> str:
    return " or ".join(
        f"{_name_media(body.media)}: the fields of a search{' and files' if 'form' in body.media else ''}"
        if any(field.name == "tier" for field in schemas[body.schema]["fields"])
        else f"{_name_media(body.media)}: " + ", ".join(f"`{field.name}`" for field in schemas[body.schema]["fields"])
        for body in bodies
    )


def _name_media(media: str) -> str:
    return {"application/json": "JSON", "multipart/form-data": "multipart form"}.get(media, "form")


def insert_tables(text: str, tables: dict[str, str]) -> str:
    """Return a text with the tables in place of those between their marks."""
    return BLOCK.sub(lambda match: f"{match[1]}{tables[match[2]]}{match[3]}", text)


def main() -> None:
    """Write the tables into the document."""
    with TemporaryDirectory() as folder, open_home(Settings(home=Path(folder)), create=True) as library:
        document = make_document(create_app(Engine(library), Settings(home=Path(folder))), "")
    REST.write_text(insert_tables(REST.read_text(), make_tables(document)))


if __name__ == "__main__":
    main()
