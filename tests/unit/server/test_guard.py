from __future__ import annotations

import base64
import stat

import pytest

from studio.api.errors import UserError
from studio.server.options import find_token, is_loopback

TOKEN = "a-token-of-some-length"  # noqa: S105 - of these tests


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:8765"}, 200),
        ({"host": "[::1]:8765"}, 200),
        ({"host": "LOCALHOST"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"host": "evil.example:8765"}, 403),
        ({"host": "[::1"}, 403),
        ({"host": ""}, 403),
        ({"origin": "http://127.0.0.1:8765"}, 200),
        ({"origin": "http://127.0.0.1:80"}, 403),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "localhost:8765", "origin": "http://localhost:8765"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"content-length": "many"}, 400),
    ],
)
def test_pages_of_others_may_not_use_the_server(client, headers, status):
    answer = client.get("/v1/operations", headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    if status != 200:
        assert answer.json()["status"] == status


def basic(password):
    return "Basic " + base64.b64encode(f"me:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
        (f"Bearer {TOKEN}x", 401),
        (TOKEN, 401),
        ("Bearer", 401),
        (basic(TOKEN), 200),
        (basic("wrong"), 401),
        ("Basic ***", 401),
        ("Basic /w==", 401),
    ],
)
def test_a_token_is_asked_for_everywhere(serve, authorization, status):
    headers = {} if authorization is None else {"authorization": authorization}
    with serve(token=TOKEN, host="0.0.0.0") as client:  # noqa: S104 - nothing listens here
        for path in ("/", "/docs", "/openapi.json", "/v1/operations"):
            assert client.get(path, headers=headers).status_code == status, path
        assert client.get("/docs", headers={**headers, "host": "studio.lan"}).status_code == status
        if status == 401:
            assert "www-authenticate" in client.get("/docs", headers=headers).headers
        assert TOKEN not in client.get("/docs", headers=headers).text


def test_loopback_is_this_computer_alone():
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.1.2.3", "::1", "localhost"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "192.168.1.4", "studio.lan"))  # noqa: S104 - not listened at


def test_a_token_is_needed_where_others_reach_the_server(tmp_path, monkeypatch):
    monkeypatch.delenv("IMPASTO_TOKEN", raising=False)
    assert find_token("127.0.0.1", None) is None
    with pytest.raises(UserError, match="--token-file"):
        find_token("0.0.0.0", None)  # noqa: S104 - not listened at
    path = tmp_path / "token"
    made = find_token("192.168.1.4", path)
    assert made is not None
    assert len(made) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert find_token("192.168.1.4", path) == made
    monkeypatch.setenv("IMPASTO_TOKEN", TOKEN)
    assert find_token("192.168.1.4", None) == TOKEN
    monkeypatch.setenv("IMPASTO_TOKEN", "short")
    with pytest.raises(UserError, match="16"):
        find_token("127.0.0.1", None)
    with pytest.raises(UserError, match="cannot be used"):
        find_token("127.0.0.1", tmp_path)
