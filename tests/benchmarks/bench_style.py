"""Style transfer on a 1024x1024 photo: ours against onnxruntime on the same network.

Run with ``pytest tests/benchmarks/bench_style.py -m benchmark -s`` on a quiet machine. Every contender
runs in a process of its own, turn by turn, as the C library's settings are process-wide. Prints
seconds and ratios, how far the results are apart, and seconds and peak memory of a photo of 24
megapixels. Fetches the networks once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.api.errors import UserError
from studio.host.services import build_services

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

ROUNDS = 3
PRESETS = "magenta-multistyle-26"

PEER = """
import json, sys, time
import numpy as np, onnxruntime
from PIL import Image
path, photo, out, threads = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(threads)
options.log_severity_level = 4
session = onnxruntime.InferenceSession(path, options)
pixels = np.asarray(Image.open(photo).convert("RGB"), np.float32) / 255
image = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])
first, second = session.get_inputs()
code = np.zeros(26, np.float32)
code[7] = 1
seconds, busy = [], []
for _ in range(4):
    started, working = time.perf_counter(), time.process_time()
    made = session.run(None, {first.name: image, second.name: code})[0][0]
    seconds.append(time.perf_counter() - started)
    busy.append(time.process_time() - working)
made = made.transpose(1, 2, 0)
Image.fromarray((made.clip(0, 1) * 255).round().astype(np.uint8)).save(out)
print(json.dumps([min(seconds), min(busy)]))
"""

OURS = """
import json, resource, sys, time
import numpy as np
from PIL import Image
from studio.host import devices, memory
memory.keep_pages()
import torch
from studio.document import Picture
from studio.host.requests import RunRequest
from studio.host.services import build_services
operation, photo, out, threads, repeats, parameters = sys.argv[1:]
devices.warm_up()
torch.set_num_threads(int(threads))
services = build_services()
pixels = np.asarray(Image.open(photo).convert("RGBA"))
request = RunRequest(operation, json.loads(parameters), Picture.from_pixels(pixels), device="cpu")
seconds, busy = [], []
for _ in range(int(repeats)):
    started, working = time.perf_counter(), time.process_time()
    result = services.runner.execute(request)
    seconds.append(time.perf_counter() - started)
    busy.append(time.process_time() - working)
made = result.images[0].pixels[..., :3]
Image.fromarray(made).save(out, compress_level=1)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(json.dumps([min(seconds), min(busy), peak]))
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> dict[str, Path]:
    """A square of 1024 pixels, and 24 megapixels."""
    folder = tmp_path_factory.mktemp("bench")
    source = Image.open(shared / "data" / "hires" / "morskie-oko.jpg").convert("RGB")
    paths = {name: folder / f"{name}.png" for name in ("square", "large")}
    side = min(source.size)
    source.crop((0, 0, side, side)).resize((1024, 1024)).save(paths["square"])
    source.resize((6000, 4000)).save(paths["large"], compress_level=1)
    return paths


@pytest.fixture
def files() -> dict[str, tuple[Path, ...]]:
    store = build_services().store
    try:
        return {
            name: store.ensure(name, lambda done, total: None, lambda: False) for name in (PRESETS,)
        }
    except UserError as error:
        pytest.skip(f"the networks cannot be fetched: {error.message}")


def run(code: str, *arguments: object) -> list[float]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def apart(a: Path, b: Path) -> float:
    first, second = (np.asarray(Image.open(path).convert("RGB")).astype(float) for path in (a, b))
    return float(np.abs(first - second).mean())


def compare(name: str, peer: list[list[float]], ours: list[list[float]], distance: float) -> None:
    """Print the best of each: by the clock, and of the processors, which others disturb less."""
    best = [min(times[i] for times in rounds) for rounds in (peer, ours) for i in (0, 1)]
    print(f"\n{name}")
    print(f"onnxruntime, network alone  {best[0]:6.2f} s, {best[1]:6.2f} s of processor time")
    print(f"ours, operation and host    {best[2]:6.2f} s, {best[3]:6.2f} s")
    print(f"times as fast               {best[0] / best[2]:6.2f}    {best[1] / best[3]:6.2f}")
    print(f"mean difference             {distance:6.2f} levels of 255")


@pytest.mark.parametrize("threads", [1, 2])
def test_presets_against_onnxruntime(benchmark, photos, files, tmp_path, threads):
    peer_out, our_out = tmp_path / "peer.png", tmp_path / "ours.png"
    parameters = json.dumps({"style": "7", "strokes": 1.0})
    arguments = ("style-transfer.presets", photos["square"], our_out, threads, 4, parameters)
    peer, ours = [], []
    for _ in range(ROUNDS):
        peer.append(run(PEER, *files[PRESETS], photos["square"], peer_out, threads))
        ours.append(run(OURS, *arguments))
    benchmark.pedantic(run, (OURS, *arguments), rounds=1)
    compare(
        f"magenta-multistyle-26, 1024x1024, {threads} threads", peer, ours, apart(peer_out, our_out)
    )


@pytest.mark.parametrize("strokes", [1.0, 0.0])
def test_24_megapixels(benchmark, photos, files, tmp_path, strokes):
    parameters = json.dumps({"style": "7", "strokes": strokes})
    arguments = (
        "style-transfer.presets",
        photos["large"],
        tmp_path / "large.png",
        2,
        1,
        parameters,
    )
    seconds, busy, peak = benchmark.pedantic(run, (OURS, *arguments), rounds=1)
    print(
        f"\n6000x4000, strokes {strokes:g}: {seconds:.1f} s, {busy:.1f} s of processor time, "
        f"{peak:.2f} GB at most"
    )
