"""Side by side on Set5 and Set14: bicubic, the bundled networks, and published ones.

    python tests/benchmarks/report_super_resolution.py --data DATA/sr_bench [--ours] NETWORK...

PSNR and SSIM are those of the super-resolution literature: on luma, 8 bits, without a border of as
many pixels as the scale; the low-resolution input is made by MATLAB's antialiased bicubic. The
bundled networks run only with --ours: they are measured once when they land, not while choosing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

import studio_resources
from studio.nn.metrics import psnr_y, ssim_y
from studio.nn.resample import bicubic_downscale, bicubic_resize
from studio_plugins.super_resolution.loading import read_network

Network = Callable[[Tensor], Tensor]
SUFFIXES = {".png", ".webp", ".bmp", ".jpg"}


def read(path: Path, scale: int) -> Tensor:
    """1 x 3 x H x W in [0, 1], cropped to multiples of the scale."""
    with Image.open(path) as opened:
        pixels = np.array(opened.convert("RGB"))
    height, width = (side - side % scale for side in pixels.shape[:2])
    return torch.from_numpy(pixels[:height, :width].copy()).permute(2, 0, 1)[None].float() / 255


def measure(network: Network, folder: Path, scale: int) -> tuple[float, float, list[float]]:
    """Mean PSNR-Y in dB, mean SSIM, and PSNR-Y of each picture."""
    psnrs, ssims = [], []
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES):
        truth = read(path, scale)
        with torch.inference_mode():
            out = network(bicubic_downscale(truth, scale)).float()
        psnrs.append(psnr_y(out, truth, scale))
        ssims.append(ssim_y(out, truth, scale))
    if not psnrs:
        raise SystemExit(f"{folder} holds no pictures")
    return sum(psnrs) / len(psnrs), sum(ssims) / len(ssims), psnrs


def bicubic(scale: int) -> Network:
    """The enlargement that every paper compares with."""
    return lambda low: bicubic_resize(low, low.shape[2] * scale, low.shape[3] * scale)


def named(path: Path, scale: int) -> tuple[str, Network]:
    """A network from a checkpoint file, if its scale is the one to measure."""
    paths = (path, path.with_suffix(".bin")) if path.suffix == ".param" else (path,)
    network = read_network(paths).eval()
    if network.scale != scale:
        raise SystemExit(f"{path.name} enlarges by {network.scale}, not by {scale}")
    return f"{network.architecture} ({path.name})", network


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("networks", type=Path, nargs="*", help="checkpoints of published networks")
    parser.add_argument("--data", type=Path, required=True, help="a folder with Set5 and Set14")
    parser.add_argument("--sets", nargs="+", default=["Set5", "Set14"])
    parser.add_argument("--scale", type=int, default=4)
    parser.add_argument("--ours", action="store_true", help="measure the bundled network too")
    parser.add_argument("--each", action="store_true", help="print every picture's PSNR")
    given = parser.parse_args()
    rows = [("bicubic", bicubic(given.scale))]
    if given.ours:
        folder = Path(studio_resources.__file__).parent / "models"
        rows.append(named(folder / f"super_resolution_x{given.scale}.safetensors", given.scale))
    rows += [named(path, given.scale) for path in given.networks]
    width = max(len(name) for name, _ in rows)
    titles = "".join(f"{name + ' PSNR-Y':>16}{'SSIM':>8}" for name in given.sets)
    sys.stdout.write(f"{f'x{given.scale}':{width}}{titles}\n")
    for name, network in rows:
        cells, details = "", ""
        for each in given.sets:
            psnr, ssim, psnrs = measure(network, given.data / each, given.scale)
            cells += f"{psnr:13.2f} dB{ssim:8.4f}"
            details += f"  {each}: " + " ".join(f"{value:.2f}" for value in psnrs) + "\n"
        sys.stdout.write(f"{name:{width}}{cells}\n" + (details if given.each else ""))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
