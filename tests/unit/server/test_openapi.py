from __future__ import annotations

import json

from studio.api.parameters import describe


def test_every_operation_is_one_address_with_its_parameters(client):
    schema = client.get("/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    for operation in client.server.services.registry.operations():
        post = schema["paths"][f"/v1/operations/{operation.id}"]["post"]
        form = post["requestBody"]["content"]["multipart/form-data"]["schema"]
        assert ("picture" in form["properties"]) == (operation.input != "none")
        reference = form["properties"]["parameters"]["$ref"]
        parameters = schema["components"]["schemas"][reference.rpartition("/")[2]]
        specs = describe(operation.parameters)
        assert list(parameters["properties"]) == [spec.name for spec in specs]
        for spec in specs:
            told = parameters["properties"][spec.name]
            assert told["title"] == spec.title
            assert told.get("minimum") == spec.minimum or spec.kind not in ("number", "integer")
        assert "image/png" in post["responses"]["200"]["content"]


def references(value):
    if isinstance(value, dict):
        found = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return found + [each for item in value.values() for each in references(item)]
    return [each for item in value for each in references(item)] if isinstance(value, list) else []


def test_every_reference_leads_somewhere(client):
    schema = client.get("/openapi.json").json()
    assert references(schema)
    for reference in references(schema):
        assert reference.rpartition("/")[2] in schema["components"]["schemas"]
    assert "impasto" not in json.dumps(schema["components"]["schemas"]["adjustments.levels"])


def test_masks_and_hints_are_asked_for_where_they_are_used(client):
    paths = client.get("/openapi.json").json()["paths"]

    def form(operation):
        body = paths[f"/v1/operations/{operation}"]["post"]["requestBody"]["content"]
        return body["multipart/form-data"]["schema"]

    assert form("testkit.whiten")["required"] == ["picture", "mask"]
    assert "mask" not in form("testkit.enlarge")["properties"]
    assert "reference" in form("testkit.invert")["properties"]
    assert "required" not in form("testkit.noise")
    assert "hints" in form("colorization.colorize")["properties"]


def test_the_page_needs_no_network_and_names_all_operations(client):
    answer = client.get("/")
    assert answer.url.path == "/docs"
    text = answer.text
    for operation in client.server.services.registry.operations():
        assert operation.id in text
    assert "<script" not in text
    assert "http://127.0.0.1:8765/v1/operations/testkit.whiten" in text
    assert "https://" not in text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_operations_are_listed(client):
    listed = {each["id"]: each for each in client.get("/v1/operations").json()}
    assert listed["testkit.enlarge"]["parameters"]["scale"]["maximum"] == 8
    assert listed["testkit.enlarge"]["address"] == "/v1/operations/testkit.enlarge"
