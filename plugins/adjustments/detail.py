"""Declarations: detail. These see a neighbourhood of each pixel, and say how far."""

from __future__ import annotations

from studio.api import Parameters, Preset, integer, number
from studio_plugins.adjustments.common import adjustment

SCALES = 4  # of the wavelets that denoising uses


class SharpenParameters(Parameters):
    """Of the unsharp mask."""

    radius: float = number(
        1.5, minimum=0.1, maximum=50, step=0.1, unit="px", help="Size of the detail to strengthen."
    )
    amount: int = integer(80, minimum=0, maximum=500, unit="%", help="How much.")
    threshold: int = integer(
        2, minimum=0, maximum=100, help="Differences up to this, of 255, stay: noise does."
    )


class BlurParameters(Parameters):
    """One number."""

    radius: float = number(
        4, minimum=0, maximum=100, step=0.1, unit="px", help="Standard deviation of the Gaussian."
    )


class DenoiseParameters(Parameters):
    """How strong the noise is."""

    luminance: float = number(
        8, minimum=0, maximum=60, step=0.5, help="Grain to remove: its deviation in levels of 255."
    )
    color: float = number(
        12, minimum=0, maximum=100, step=0.5, help="Colored specks to remove, on the same scale."
    )


OPERATIONS = (
    adjustment(
        "adjustments.sharpen",
        "Sharpen",
        help="Strengthens edges and fine detail (unsharp mask).",
        parameters=SharpenParameters,
        function=".detail_engine:sharpen",
        context_pixels=150,
        presets=(
            Preset("For the screen", {"radius": 0.8, "amount": 70, "threshold": 2}),
            Preset("For print", {"radius": 2, "amount": 120, "threshold": 3}),
            Preset("Local contrast", {"radius": 40, "amount": 20, "threshold": 0}),
        ),
        keywords=("unsharp mask", "crisp", "detail", "clarity"),
    ),
    adjustment(
        "adjustments.gaussian-blur",
        "Gaussian blur",
        help="Softens everything alike.",
        parameters=BlurParameters,
        function=".detail_engine:gaussian_blur",
        context_pixels=300,
        presets=(Preset("Slight", {"radius": 1}), Preset("Strong", {"radius": 20})),
        keywords=("soften", "smooth", "defocus"),
    ),
    adjustment(
        "adjustments.denoise",
        "Denoise",
        help="Removes grain and colored specks, and keeps edges.",
        parameters=DenoiseParameters,
        function=".detail_engine:denoise",
        context_pixels=2 * (2**SCALES - 1),
        presets=(
            Preset("Specks only", {"luminance": 0, "color": 20}),
            Preset("Light", {"luminance": 4, "color": 6}),
            Preset("Strong", {"luminance": 20, "color": 30}),
        ),
        keywords=("noise", "grain", "iso", "wavelet", "smooth"),
    ),
)
