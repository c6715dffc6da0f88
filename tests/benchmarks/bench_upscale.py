"""Real-ESRGAN x4plus on a 512x512 photo: ours against the same network called plainly.

Run with ``pytest tests/benchmarks/bench_upscale.py -m benchmark -s`` on a quiet machine. Every
contender runs in a process of its own, turn by turn, as the C library's settings are process-wide.
Prints seconds, ratios and the PSNR of the 8-bit result against float32. Fetches the network once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from studio.api.errors import UserError
from studio.host.services import build_services

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

MODEL = "realesrgan-x4plus"
ROUNDS = 1

PLAIN = """
import sys, time
from pathlib import Path
import numpy as np, spandrel, torch
from PIL import Image
from studio.nn.ncnn import read_ncnn
from studio.nn.ncnn_networks import ncnn_state_dict
network = ncnn_state_dict(read_ncnn(Path(sys.argv[1]), Path(sys.argv[2])))
model = spandrel.ModelLoader().load_from_state_dict(network.state).eval()
pixels = np.asarray(Image.open(sys.argv[3]).convert("RGB"))
image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
started = time.perf_counter()
with torch.no_grad():
    out = model(image)
seconds = time.perf_counter() - started
out = (out[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
Image.fromarray(out).save(sys.argv[4], compress_level=1)
print(seconds)
"""

WORKER = """
import sys
from pathlib import Path
import numpy as np
from PIL import Image
from studio.document import Picture
from studio.host.requests import RunRequest
from studio.host.services import build_services
pixels = np.asarray(Image.open(sys.argv[1]).convert("RGBA"))
services = build_services()
request = RunRequest(
    "super-resolution.upscale", {"scale": 4, "model": sys.argv[2]}, Picture.from_pixels(pixels)
)
job = services.jobs.submit(request)
services.jobs.wait(job)
assert job.result is not None, job.error
print(job.result.seconds)
services.jobs.close()
"""

BARE = """
import sys, threading, time
from pathlib import Path
import numpy as np, torch
from PIL import Image
from studio.document import Picture
from studio.host import devices, memory
from studio.host.networks import Placement, place
from studio.host.requests import RunRequest
from studio.host.services import build_services
memory.keep_pages()
pixels = np.asarray(Image.open(sys.argv[1]).convert("RGBA"))
services = build_services()
request = RunRequest(
    "super-resolution.upscale", {"scale": 4, "model": sys.argv[2]}, Picture.from_pixels(pixels)
)
runner = services.runner
devices.warm_up()
runner.execute(request)
network = next(iter(services.networks._entries.values())).module
image = torch.from_numpy(pixels[..., :3].copy()).permute(2, 0, 1)[None].float() / 255
image = image.contiguous(memory_format=torch.channels_last)
bare, host = [], []
for _ in range(2):
    started = time.perf_counter()
    with torch.inference_mode():
        network(image)
    bare.append(time.perf_counter() - started)
    started = time.perf_counter()
    runner.execute(request)
    host.append(time.perf_counter() - started)
print(min(bare), min(host))
"""


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = Path(skimage.__file__).parent / "data" / "astronaut.png"
    path = tmp_path_factory.mktemp("bench") / "photo.png"
    Image.open(source).convert("RGB").save(path)
    return path


@pytest.fixture
def network() -> tuple[Path, ...]:
    store = build_services().store
    try:
        return store.ensure(MODEL, lambda done, total: None, lambda: False)
    except UserError as error:
        pytest.skip(f"{MODEL} cannot be fetched: {error.message}")


def run(code: str, *arguments: object) -> list[float]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    return [float(word) for word in done.stdout.split()[-2:]]


def psnr(a: Path, b: Path) -> float:
    first, second = (np.asarray(Image.open(p).convert("RGB")).astype(float) for p in (a, b))
    return float(10 * np.log10(255**2 / np.mean((first - second) ** 2)))


def test_upscale_against_plain_spandrel(benchmark, photo, network, tmp_path):
    plain_out, ours_out = tmp_path / "plain.png", tmp_path / "ours.png"
    seconds: dict[str, list[float]] = {"plain": [], "command line": [], "worker": []}
    whole = []

    def command_line() -> None:
        command = [sys.executable, "-m", "studio", "run", "super-resolution.upscale", str(photo)]
        command += ["-o", str(ours_out), "--scale", "4", "--model", MODEL, "--json", "--overwrite"]
        started = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        whole.append(time.perf_counter() - started)
        seconds["command line"].append(json.loads(done.stdout)["seconds"])

    for _ in range(ROUNDS):
        seconds["plain"].append(run(PLAIN, *network, photo, plain_out)[0])
        command_line()
        seconds["worker"].append(run(WORKER, photo, MODEL)[0])
    benchmark.pedantic(command_line, rounds=1)
    plain = min(seconds["plain"])
    print(f"\nspandrel, plainly        {plain:6.1f} s")
    for name in ("command line", "worker"):
        best = min(seconds[name])
        print(f"{name:24} {best:6.1f} s  {plain / best:.2f} times as fast")
    print(f"command, start to end    {min(whole):6.1f} s  {plain / min(whole):.2f} times as fast")
    print(f"against float32          {psnr(plain_out, ours_out):6.1f} dB")


def test_host_overhead(benchmark, photo, network):
    times = benchmark.pedantic(lambda: run(BARE, photo, MODEL), rounds=1)
    bare, host = times
    print(f"\nbare network {bare:.2f} s, through the host {host:.2f} s: +{host / bare - 1:.1%}")
