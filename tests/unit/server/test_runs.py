from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from studio.server.uploads import _is_file


def test_a_picture_comes_back_changed(client, photo, pixels, picture_of):
    answer = client.post("/v1/operations/adjustments.invert", files={"picture": photo})
    assert np.array_equal(picture_of(answer)[..., :3], 255 - pixels[..., :3])
    assert answer.headers["impasto-variations"] == "1"
    assert b"adjustments.invert" in answer.content  # the record of it
    job = answer.headers["impasto-job"]
    assert client.get(f"/v1/jobs/{job}").status_code == 404  # it has what it wanted


def test_parameters_and_a_mask_are_used(client, photo, pixels, picture_of, png):
    mask = np.zeros((20, 30), np.uint8)
    mask[:, 15:] = 255
    answer = client.post(
        "/v1/operations/testkit.invert",
        files={"picture": photo, "mask": png(mask)},
        data={"parameters": json.dumps({"keep_red": True, "method": "soft_light"}), "seed": "7"},
    )
    after = picture_of(answer)
    assert np.array_equal(after[:, :15], pixels[:, :15])
    assert np.array_equal(after[:, 15:, 0], pixels[:, 15:, 0])
    assert np.array_equal(after[:, 15:, 1:3], 255 - pixels[:, 15:, 1:3])
    assert json.loads(answer.headers["impasto-notes"]) == ["Ran with soft_light."]


def test_pictures_are_made_from_nothing(client, picture_of):
    values = {"parameters": '{"width": 9, "height": 4}', "seed": "3"}
    first = picture_of(client.post("/v1/operations/testkit.noise", data=values))
    assert first.shape == (4, 9, 4)
    again = picture_of(client.post("/v1/operations/testkit.noise", data=values))
    assert np.array_equal(first, again)


def test_of_several_results_each_can_be_fetched(client, photo, picture_of):
    answer = client.post("/v1/operations/testkit.shades", files={"picture": photo})
    assert answer.headers["impasto-variations"] == "3"
    job = answer.headers["impasto-job"]
    state = client.get(f"/v1/jobs/{job}").json()
    assert state["state"] == "done"
    assert state["record"]["operation"] == "testkit.shades"
    shades = [picture_of(client.get(each))[0, 0, 0] for each in state["results"]]
    assert shades == [64, 128, 255]
    assert client.get(f"/v1/jobs/{job}/results/3").status_code == 404
    assert client.delete(f"/v1/jobs/{job}").status_code == 204
    assert client.get(f"/v1/jobs/{job}/results/0").status_code == 404


def until(client, address, done):
    deadline = time.monotonic() + 20
    while not done(state := client.get(address).json()):
        assert time.monotonic() < deadline, state
        time.sleep(0.01)
    return state


def test_a_job_tells_its_progress_and_is_cancelled(client, photo):
    answer = client.post("/v1/operations/testkit.slow?wait=false", files={"picture": photo})
    assert answer.status_code == 202
    address = answer.headers["location"]
    state = until(client, address, lambda found: found["state"] == "running")
    assert state["results"] == []
    early = client.get(f"{address}/results/0")
    assert early.status_code == 409
    assert "not finished" in early.json()["detail"]
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    jobs = client.server.services.jobs
    deadline = time.monotonic() + 10
    while jobs.jobs and time.monotonic() < deadline:
        time.sleep(0.01)
    assert jobs.jobs == ()  # nothing of it is kept


def test_jobs_beyond_the_limit_are_refused(serve, photo):
    with serve(max_jobs=1) as client:
        first = client.post("/v1/operations/testkit.slow?wait=false", files={"picture": photo})
        assert first.status_code == 202
        second = client.post("/v1/operations/adjustments.invert", files={"picture": photo})
        assert second.status_code == 503
        assert second.headers["retry-after"] == "5"
        client.delete(first.headers["location"])


def test_results_are_dropped_when_there_are_too_many(serve, photo):
    with serve(keep_bytes=1) as client:
        found = [
            client.post("/v1/operations/testkit.shades", files={"picture": photo}).headers[
                "impasto-job"
            ]
            for _ in range(2)
        ]
        assert client.get(f"/v1/jobs/{found[0]}").status_code == 404
        assert client.get(f"/v1/jobs/{found[1]}").status_code == 200


def test_results_are_dropped_in_time(serve, photo):
    with serve(keep_seconds=0.05) as client:
        answer = client.post("/v1/operations/testkit.shades", files={"picture": photo})
        time.sleep(0.1)
        assert client.get(f"/v1/jobs/{answer.headers['impasto-job']}").status_code == 404


def test_the_server_ends_while_a_job_runs(serve, photo):
    with serve() as client:
        answer = client.post("/v1/operations/testkit.slow?wait=false", files={"picture": photo})
        until(client, answer.headers["location"], lambda found: found["state"] == "running")
    assert client.server.services.jobs.jobs == ()


def test_words_with_a_slash_are_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not _is_file("lora")
    Path("lora").touch()
    assert _is_file("other; lora*0.5")
    assert not any(map(_is_file, ["", "16:9", "a fox/cat in snow", "black and white"]))
    files = ["/etc/x y", "./x", "~me/x", "C:x", "file:x", "https://x", "a; b/c*0.5", "..\\x"]
    assert all(map(_is_file, files))


PROBLEMS = [
    ("testkit.enlarge", {"parameters": '{"scale": 99}'}, 422, "scale", "1 to 8"),
    ("testkit.enlarge", {"parameters": '{"scale": '}, 422, "no JSON", "object"),
    ("testkit.enlarge", {"parameters": "[1]"}, 422, "no JSON object", "scale"),
    ("testkit.enlarge", {"parameters": '{"size": 1}'}, 422, "size", "scale"),
    ("testkit.enlarge", {"quality": "1"}, 422, "no field quality", "parameters"),
    ("testkit.enlarge", {"seed": "-1"}, 422, "seed", "from 0"),
    ("testkit.enlarge", {"seed": "9" * 30}, 422, "seed", "from 0"),
    ("testkit.invert", {"parameters": '{"network": "nobody"}'}, 422, "network", "ids"),
    ("testkit.invert", {"parameters": '{"reference": "/etc/hostname"}'}, 422, "reference", "files"),
    ("testkit.invert", {"parameters": '{"prompt": "../x"}'}, 200, "", ""),
    ("testkit.slow", {"parameters": '{"marker": "/tmp/x"}'}, 422, "marker", "server"),
    ("testkit.slow", {"parameters": '{"marker": "..\\\\x"}'}, 422, "marker", "server"),
    ("testkit.slow", {"parameters": '{"marker": "org/model"}'}, 422, "marker", "server"),
    ("testkit.slow", {"parameters": '{"marker": "a; ~/lora.pt*0.5"}'}, 422, "marker", "server"),
    ("testkit.whiten", {}, 422, "selected", "mask"),
    ("testkit.picky", {}, 422, "too dark", "lighter"),
    ("testkit.fail", {}, 500, "broke", "plugin"),
    ("testkit.nothing", {}, 404, "nothing at this address", "/docs"),
]


@pytest.mark.parametrize(("operation", "data", "status", "detail", "hint"), PROBLEMS)
def test_problems_say_what_to_do(client, png, operation, data, status, detail, hint):
    dark = png(np.full((6, 8, 3), 10, np.uint8))
    answer = client.post(f"/v1/operations/{operation}", files={"picture": dark}, data=data)
    assert answer.status_code == status, answer.text
    if status != 200:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["status"] == status
        assert detail in problem["detail"]
        assert hint in problem["hint"]
        assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("files", "detail"),
    [
        ({"x": b""}, "no field x"),
        ({"picture": b"no picture"}, "not a picture"),
        ({"picture": b""}, "empty"),
        ({"picture": None, "mask": (3, 3)}, "mask is 3 x 3"),
        ({"picture": None, "mask": (6, 8, 3)}, "not gray"),
        ({"picture": None, "hints": (6, 8)}, "no field hints"),
    ],
)
def test_files_that_do_not_fit_are_refused(client, png, files, detail):
    made = {}
    for name, what in files.items():
        shape = what if isinstance(what, tuple) else (6, 8, 3)
        array = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
        made[name] = what if isinstance(what, bytes) else png(array)
    answer = client.post("/v1/operations/adjustments.invert", files=made)
    assert answer.status_code == 422
    assert detail in answer.json()["detail"]


def test_forms_that_are_none_are_refused(client):
    address = "/v1/operations/adjustments.invert"
    for body in ({}, {"data": {"seed": "1"}}, {"json": {"picture": "x"}}):
        answer = client.post(address, **body)
        assert answer.status_code == 422
        assert "needs a picture" in answer.json()["detail"]
    text = client.post(address, data={"picture": "x"})
    assert text.status_code == 422
    assert "no file" in text.json()["detail"]
    broken = client.post(
        address, content=b"nothing", headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert broken.status_code in {400, 422}
    assert broken.json()["detail"]
    assert client.get(address).status_code == 405
    assert client.post(f"{address}?wait=perhaps").json()["detail"].startswith("query.wait")


def test_what_is_too_large_is_refused(serve, photo, png):
    with serve(max_bytes=2000, max_pixels=100) as client:
        answer = client.post("/v1/operations/adjustments.invert", files={"picture": b"x" * 3000})
        assert answer.status_code == 413
        assert "--max-upload" in answer.json()["hint"]

        def chunks():
            yield from [b"x" * 1000] * 3

        kind = {"content-type": "multipart/form-data; boundary=b"}
        answer = client.post(
            "/v1/operations/adjustments.invert", content=chunks(), headers=kind
        )  # says no length
        assert answer.status_code == 413
        small = png(np.zeros((20, 20, 3), np.uint8))
        answer = client.post("/v1/operations/adjustments.invert", files={"picture": small})
        assert answer.status_code == 422
        assert "megapixels" in answer.json()["detail"]


def test_a_reference_picture_comes_along_and_leaves_no_file(client, photo, tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answer = client.post(
        "/v1/operations/testkit.invert", files={"picture": photo, "reference": photo}
    )
    assert answer.status_code == 200, answer.text
    assert str(tmp_path).encode() not in answer.content
    refused = client.post(
        "/v1/operations/testkit.invert", files={"picture": b"", "reference": photo}
    )
    assert refused.status_code == 422
    assert list(Path(tmp_path).iterdir()) == []
