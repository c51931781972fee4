"""The OpenAPI document describes every route, its examples work, and the reference shows all of it."""

import re

import pytest
from flask import jsonify
from pydantic import ValidationError

from search.errors import NotFoundError
from tests.support.accounts import add_admin, sign_in
from tests.support.contract import check_response, list_error_classes
from tests.support.indexing import index
from tests.support.web_client import get_item, make_client
from web.contract.openapi import list_routes
from web.contract.problems import list_problem_types


@pytest.fixture(scope="module")
def document(client):
    return client.get("/openapi.json").json


def list_operations(document):
    return [(path, method, one) for path, methods in document["paths"].items() for method, one in methods.items()]


def find_references(value):
    if isinstance(value, dict):
        found = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return found + [one for nested in value.values() for one in find_references(nested)]
    return [one for nested in value for one in find_references(nested)] if isinstance(value, list) else []


def test_the_document_has_every_route_of_the_application(client, document):
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in client.application.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    assert {(path, method) for path, method, _ in list_operations(document)} == routes
    assert document["openapi"].startswith("3.1.")


def test_operations_are_described_and_have_unique_ids(document):
    operations = [one for _, _, one in list_operations(document)]
    names = [one["operationId"] for one in operations]
    assert len(set(names)) == len(names) > 40
    for one in operations:
        assert one["summary"]
        assert {"default"} < set(one["responses"])
        assert all(parameter["description"] for parameter in one.get("parameters", ())), one["operationId"]


def test_every_reference_leads_to_a_schema_and_every_schema_is_used(document):
    schemas = document["components"]["schemas"]
    targets = {reference.removeprefix("#/components/schemas/") for reference in find_references(document)}
    assert targets == set(schemas)
    assert all(schema.get("description") for schema in schemas.values() if schema["type"] != "array")


def test_a_repeated_field_of_an_address_is_a_list_and_objects_are_json(document):
    parameters = {one["name"]: one for one in document["paths"]["/api/v1/search"]["get"]["parameters"]}
    assert parameters["types"]["schema"]["items"] == {"$ref": "#/components/schemas/ItemType"}
    assert parameters["not"]["schema"]["type"] == "array"
    assert parameters["camera"]["schema"] == {"type": "string", "maxLength": 4096}
    assert "application/json" in parameters["weights"]["content"]


def test_the_document_says_how_much_a_request_may_contain(document):
    fields = document["components"]["schemas"]["SearchRequest"]["properties"]
    assert fields["text"]["anyOf"][0]["maxLength"] == 2_000
    assert fields["limit"] == fields["limit"] | {"minimum": 1, "maximum": 1000, "default": 20}
    assert document["components"]["schemas"]["SearchRequest"]["additionalProperties"] is False
    assert "additionalProperties" not in document["components"]["schemas"]["SearchAnswer"]


def test_every_example_works(fresh, demo):
    index(fresh, demo)
    add_admin(fresh)
    client = sign_in(make_client(fresh), "admin")
    item, album = get_item(client, "holiday.mp4"), client.post("/api/v1/albums", json={"name": "A"}).json["id"]
    tried = 0
    for route in list_routes(client.application):
        path = route.path.replace("{item_id}", str(item)).replace("{album_id}", str(album))
        for name, example in route.operation.examples.items():
            if isinstance(example, str):
                response = client.get(path + example)
            else:
                response = client.open(path, method=route.method, json=example)
            assert response.status_code == route.operation.status, f"{route.name}, {name}: {response.text}"
            tried += 1
    assert tried >= 15


def test_the_reference_shows_everything_and_loads_only_files_of_this_server(client, document):
    page = client.get("/docs")
    anchors = set(re.findall(r'id="([^"]+)"', page.text))
    assert {one["operationId"] for _, _, one in list_operations(document)} <= anchors
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= anchors
    assert {problem.anchor for problem in list_problem_types()} <= anchors
    assert {link for link in re.findall(r'href="#([^"]+)"', page.text)} <= anchors
    loaded = re.findall(r'(?:src|href)="([^"#][^"]*)"', page.text)
    assert all(address.startswith("/") for address in loaded)
    assert all(client.get(address).status_code == 200 for address in loaded)
    assert not re.search(r"<script|<style|style=|onclick", page.text)


def test_every_error_has_a_section_of_the_reference():
    described = {problem.type: problem for problem in list_problem_types()}
    assert set(described) == {error.problem_type for error in list_error_classes()} - {"about:blank"}
    assert described["urn:crossmodal:problem:not-found"].status == NotFoundError.http_status
    assert described["urn:crossmodal:problem:range"].advice.startswith("The header `Content-Range`")
    assert all(problem.meaning for problem in described.values())


def test_the_check_of_responses_sees_what_is_not_declared(library):
    app = make_client(library).application
    app.view_functions["health.show_health"] = _copy(app, "health.show_health", lambda: jsonify(status="ok", extra=1))
    client = app.test_client()
    with pytest.raises(ValidationError, match="extra"):
        client.get("/healthz")
    app.view_functions["health.show_readiness"] = _copy(app, "health.show_readiness", lambda: ("", 204))
    with pytest.raises(AssertionError, match="status 204"):
        client.get("/readyz")
    check_response(app, client.get("/api/v1/albums"))


def _copy(app, endpoint, view):
    """Return a view with the declaration of another one."""
    view.__dict__.update(app.view_functions[endpoint].__dict__)
    return view
