"""Image-to-image generators as published, with the key names of junyanz's implementation.

Sources: Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks"
(U-Net); Johnson et al. 2016, "Perceptual Losses for Real-Time Style Transfer", and Zhu et al. 2017,
"Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks" (ResNet). The order
of modules is that of https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix, so that its
checkpoints load. All take and return N x C x H x W in [-1, 1].
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

Norm = Literal["instance", "instance-affine", "batch", "none"]
Upsampling = Literal["transposed", "resize"]


def norm_layers(norm: Norm, channels: int) -> list[nn.Module]:
    """The normalization after a convolution; instance norm uses the picture's own statistics.

    Empty for ``none``: the numbers of the layers behind it then tell that there is none.
    """
    if norm == "none":
        return []
    if norm == "batch":
        return [nn.BatchNorm2d(channels)]
    return [nn.InstanceNorm2d(channels, affine=norm == "instance-affine")]


def initialise(network: nn.Module, deviation: float | None = 0.02) -> None:
    """Gaussian weights as DCGAN and its successors start from (Radford et al. 2016).

    Args:
        network: its convolutions and batch norms are set.
        deviation: of the weights; None for that of He et al. 2015, which networks without
            normalization need to keep their signal.
    """
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            if deviation is None:
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            else:
                nn.init.normal_(module.weight, 0.0, deviation)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)


class ResnetBlock(nn.Module):
    """Two 3x3 convolutions around which the input is added (He et al. 2016)."""

    def __init__(self, channels: int, norm: Norm, *, bias: bool, dropout: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            *norm_layers(norm, channels),
            nn.ReLU(),
        ]
        if dropout:
            layers.append(nn.Dropout(0.5))
        layers += [
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            *norm_layers(norm, channels),
        ]
        self.conv_block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """N x channels x H x W to the same."""
        out: Tensor = x + self.conv_block(x)
        return out


class ResnetGenerator(nn.Module):
    """c7s1-w, d2w, d4w, ``blocks`` x R4w, u2w, uw, c7s1-3 (Zhu et al. 2017, appendix).

    Args:
        in_channels: of the input.
        out_channels: of the output.
        width: channels of the first convolution (ngf), 64 as published.
        blocks: 6 or 9 as published; 0 gives the plain encoder-decoder.
        norm: normalization after each convolution.
        upsampling: ``transposed`` as published; ``resize`` enlarges and convolves, which leaves no
            checkerboard (Odena et al. 2016).
        dropout: between the two convolutions of each block.
        bias: whether convolutions before a norm have one; None: where instance norm follows, as
            published.
        residual: add the input to what comes out, so that only the difference has to be learned and
            detail passes by the bottleneck (not as published: it halves the steps until the result
            resembles the input). A buffer of that name in the state dict tells such files apart.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        width: int = 64,
        blocks: int = 9,
        norm: Norm = "instance",
        *,
        upsampling: Upsampling = "transposed",
        dropout: bool = False,
        bias: bool | None = None,
        residual: bool = False,
    ) -> None:
        super().__init__()
        if residual:
            self.register_buffer("residual", torch.ones(1))
        has_bias = norm != "batch" if bias is None else bias
        layers: list[nn.Module] = [
            nn.ReflectionPad2d(3),
            nn.Conv2d(in_channels, width, 7, bias=has_bias),
            *norm_layers(norm, width),
            nn.ReLU(),
        ]
        for factor in (1, 2):
            wide = width * factor
            layers += [
                nn.Conv2d(wide, wide * 2, 3, stride=2, padding=1, bias=has_bias),
                *norm_layers(norm, wide * 2),
                nn.ReLU(),
            ]
        layers += [
            ResnetBlock(width * 4, norm, bias=has_bias, dropout=dropout) for _ in range(blocks)
        ]
        for factor in (4, 2):
            wide = width * factor
            layers += [
                _enlarging(wide, wide // 2, upsampling, bias=has_bias),
                *norm_layers(norm, wide // 2),
                nn.ReLU(),
            ]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, out_channels, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, image: Tensor) -> Tensor:
        """N x in_channels x H x W, sides multiples of 4, to N x out_channels x H x W."""
        out: Tensor = self.model(image)
        return (image + out).clamp(-1, 1) if "residual" in self._buffers else out


class UnetBlock(nn.Module):
    """One level of the U: down, what is inside, up, and the input beside it."""

    def __init__(
        self,
        outer: int,
        inner: int,
        inside: UnetBlock | None,
        norm: Norm,
        *,
        in_channels: int | None = None,
        dropout: bool = False,
        outermost: bool = False,
        upsampling: Upsampling = "transposed",
        bias: bool | None = None,
    ) -> None:
        super().__init__()
        self.outermost = outermost
        bias = norm != "batch" if bias is None else bias
        given = outer if in_channels is None else in_channels
        down = nn.Conv2d(given, inner, 4, stride=2, padding=1, bias=bias)
        doubled = inner if inside is None else inner * 2
        last = outermost or bias
        up = _enlarging(doubled, outer, upsampling, bias=last, kernel=4)
        if outermost:
            layers: list[nn.Module] = [down, *_some(inside), nn.ReLU(), up, nn.Tanh()]
        else:
            layers = [nn.LeakyReLU(0.2), down]
            if inside is not None:
                layers += [*_norm_or_nothing(norm, inner), inside]
            layers += [nn.ReLU(), up, *_norm_or_nothing(norm, outer)]
            if dropout:
                layers.append(nn.Dropout(0.5))
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """N x C x H x W to twice the channels, of which the first half is the input."""
        out: Tensor = self.model(x)
        return out if self.outermost else torch.cat([x, out], dim=1)


class UnetGenerator(nn.Module):
    """The U-Net of pix2pix: ``downs`` halvings, skips between all levels.

    ``unet_128`` has 7 downs, ``unet_256`` 8: the innermost level sees one pixel of a picture of that
    size.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        downs: number of halvings, at least 2; sides must be multiples of 2 ** downs.
        width: channels of the outermost level (ngf), 64 as published.
        widest: channels of the inner levels; 8 * width as published.
        norm: normalization after each convolution but the first and the innermost.
        dropout: in the three levels above the innermost, also the generator's source of noise.
        upsampling: ``transposed`` as published, or ``resize``.
        bias: as in `ResnetGenerator`.
    """

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        downs: int = 8,
        width: int = 64,
        widest: int | None = None,
        norm: Norm = "batch",
        *,
        dropout: bool = False,
        upsampling: Upsampling = "transposed",
        bias: bool | None = None,
    ) -> None:
        super().__init__()
        top = 8 * width if widest is None else widest
        widths = [min(width * 2**level, top) for level in range(downs)]
        block: UnetBlock | None = None
        for level in range(downs - 1, 0, -1):
            block = UnetBlock(
                widths[level - 1],
                widths[level],
                block,
                norm,
                dropout=dropout and 4 <= level < downs - 1,
                upsampling=upsampling,
                bias=bias,
            )
        self.downs = downs
        self.model = UnetBlock(
            out_channels,
            widths[0],
            block,
            norm,
            in_channels=in_channels,
            outermost=True,
            upsampling=upsampling,
            bias=bias,
        )

    def forward(self, image: Tensor) -> Tensor:
        """N x in_channels x H x W to N x out_channels x H x W."""
        out: Tensor = self.model(image)
        return out


def _norm_or_nothing(norm: Norm, channels: int) -> list[nn.Module]:
    """In a U-Net an identity stands where a norm would, as published."""
    return norm_layers(norm, channels) or [nn.Identity()]


def _some(block: nn.Module | None) -> list[nn.Module]:
    return [] if block is None else [block]


def _enlarging(
    given: int, made: int, upsampling: Upsampling, *, bias: bool, kernel: int = 3
) -> nn.Module:
    """Twice the size, from ``given`` channels to ``made``."""
    if upsampling == "resize":
        return nn.Sequential(
            nn.Upsample(scale_factor=2.0, mode="nearest"),
            nn.Conv2d(given, made, 3, padding=1, padding_mode="reflect", bias=bias),
        )
    extra = 1 if kernel == 3 else 0
    return nn.ConvTranspose2d(
        given, made, kernel, stride=2, padding=1, output_padding=extra, bias=bias
    )
