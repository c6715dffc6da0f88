"""Operations that can be asked to end early and keep what they have, and what they show meanwhile."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.document import Array, Picture, Raster, Rect
from studio.host.jobs import Job, JobState
from studio.host.observer import Observer
from studio.host.previews import LARGEST, TilePreview
from studio.host.queue import JobQueue
from studio.host.requests import RunRequest
from studio.host.services import Services, build_services

DROPINS = Path(__file__).parents[2] / "dropins"


@pytest.fixture
def services() -> Services:
    folder = Path(os.environ["IMPASTO_PLUGINS"])
    shutil.copytree(DROPINS / "looks", folder / "looks")
    (folder / "looks" / "pictures").mkdir()
    return build_services()


@pytest.fixture
def queue(services: Services) -> Iterator[JobQueue]:
    yield services.jobs
    assert services.jobs.close(10)


def gray(width: int = 12, height: int = 10, level: int = 50) -> Picture:
    pixels = np.full((height, width, 4), level, np.uint8)
    pixels[..., 3] = 255
    return Picture.from_pixels(pixels)


def request(steps: int, picture: Picture | None = None, **fields: Any) -> RunRequest:
    return RunRequest(
        fields.pop("operation", "looks.brighten"),
        {"steps": steps},
        picture or gray(),
        device="cpu",
        **fields,
    )


def wait(until: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def running(queue: JobQueue, steps: int) -> Job:
    job = queue.submit(request(steps), "batch")
    wait(lambda: job.fraction > 0)
    return job


def level(job: Job) -> int:
    assert job.result is not None
    return int(job.result.after().layers[0].raster.read(Rect(0, 0, 1, 1))[0, 0, 0])


def test_a_stopped_job_keeps_what_it_has(queue: JobQueue):
    job = running(queue, 2000)
    assert job.stoppable
    queue.stop(job)
    assert queue.wait(job, 10)
    assert job.state is JobState.DONE
    assert 50 <= level(job) < 255
    assert job.result is not None
    assert job.result.notes[0].startswith("Stopped after")


def test_left_alone_it_goes_to_its_end(queue: JobQueue):
    job = queue.submit(request(3), "batch")
    assert queue.wait(job, 20)
    assert level(job) == 255
    assert job.result is not None
    assert job.result.notes == ()


def test_a_job_that_has_not_begun_is_left_and_so_is_one_that_cannot(queue: JobQueue):
    first = running(queue, 100_000)
    second = queue.submit(request(2), "batch")
    queue.stop(second)
    assert second.state is JobState.QUEUED
    assert not second.stop_requested
    queue.stop(first)
    assert queue.wait(second, 20)
    assert level(second) == 255
    plain = queue.submit(request(1, operation="adjustments.invert"), "batch")
    assert not plain.stoppable


def test_it_can_still_be_cancelled(queue: JobQueue):
    job = running(queue, 100_000)
    queue.cancel(job)
    queue.stop(job)
    assert queue.wait(job, 10)
    assert job.state is JobState.CANCELLED
    assert job.result is None


class Watcher(Observer):
    """Keeps the previews, and stops after some of them."""

    def __init__(self, enough: int) -> None:
        self.enough = enough
        self.tiles: list[TilePreview] = []
        self.times: list[float] = []

    def tile(self, preview: TilePreview) -> None:
        self.tiles.append(preview)
        self.times.append(time.monotonic())

    def stopping(self) -> bool:
        return len(self.tiles) >= self.enough


def watched(services: Services, picture: Picture, enough: int = 3) -> Watcher:
    watcher = Watcher(enough)
    services.runner.execute(request(100_000, picture), watcher)
    return watcher


def test_intermediate_pictures_replace_each_other_at_a_rate_that_can_be_followed(
    services: Services,
):
    watcher = watched(services, gray())
    assert {(t.x, t.y, t.size, t.area) for t in watcher.tiles} == {
        (0, 0, (12, 10), Rect(0, 0, 12, 10))
    }
    shades = [int(t.pixels[0, 0, 0]) for t in watcher.tiles]
    assert shades == sorted(shades)
    assert min(np.diff(watcher.times)) >= 0.1


def test_a_large_intermediate_picture_is_reduced(services: Services):
    [tile] = watched(services, gray(3000, 2000), enough=1).tiles
    width, height = tile.size
    assert tile.pixels.shape == (height, width, 3)
    assert LARGEST * 0.98 <= width * height <= LARGEST * 1.02
    assert tile.area == Rect(0, 0, 3000, 2000)
    assert (tile.pixels == tile.pixels[0, 0]).all()


def test_it_covers_only_what_the_mask_lets_change(services: Services):
    mask: Array = np.zeros((10, 12, 1), np.uint8)
    mask[2:5, 3:9] = 255
    mask[6, :] = 51
    picture = gray().replaced(selection=Raster.from_array(mask))
    [tile] = watched(services, picture, enough=1).tiles
    assert tile.pixels.shape == (10, 12, 4)
    assert np.array_equal(tile.pixels[..., 3], mask[..., 0])
