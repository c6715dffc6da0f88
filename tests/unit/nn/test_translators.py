"""Generators are recognised from their keys, whatever layout they were saved in."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from studio.nn.checkpoints import unwrap
from studio.nn.generators import Norm, ResnetGenerator, UnetGenerator, Upsampling, initialise
from studio.nn.translators import (
    EncoderDecoder,
    Translator,
    UnknownTranslatorError,
    read_translator,
    translator_from,
)


def _lively(network: nn.Module) -> nn.Module:
    """Weights that differ everywhere, norms included, so that a mix-up shows."""
    generator = torch.Generator().manual_seed(1)
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            noise = torch.randn(value.shape, generator=generator)
            value.copy_(noise.abs() + 0.5 if name.endswith("running_var") else noise * 0.3)
    return network.eval()


def _picture(height: int, width: int, channels: int = 3) -> Tensor:
    return torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(2))


def _same(translator: Translator, network: nn.Module, picture: Tensor) -> bool:
    with torch.inference_mode():
        expected = ((network(picture * 2 - 1) + 1) / 2).clamp(0, 1)
        return torch.allclose(translator(picture), expected, atol=1e-6)


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
@pytest.mark.parametrize("norm", ["batch", "instance", "instance-affine", "none"])
def test_unets_of_any_norm_and_depth(norm: Norm, upsampling: Upsampling, tmp_path: Path) -> None:
    network = _lively(
        UnetGenerator(
            3, 3, 5, 4, 12, norm, dropout=True, upsampling=upsampling,
            bias=False if norm == "none" else None,
        )
    )  # fmt: skip
    torch.save(network.state_dict(), tmp_path / "latest_net_G.pth")
    translator = read_translator(tmp_path / "latest_net_G.pth")
    assert translator.architecture == "U-Net 32"
    assert (translator.norm, translator.multiple, translator.whole) == (norm, 32, True)
    assert translator.task == "pix2pix"
    assert _same(translator, network, _picture(64, 32))


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_resnets_that_learned_the_difference(norm: Norm) -> None:
    network = _lively(ResnetGenerator(3, 3, 4, 1, norm, residual=True))
    translator = translator_from(network.state_dict())
    assert _same(translator, network, _picture(16, 24))
    plain = {key: value for key, value in network.state_dict().items() if key != "residual"}
    assert not _same(translator_from(plain), network, _picture(16, 24))


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("norm", ["batch", "instance", "instance-affine", "none"])
def test_resnets_of_any_norm(
    norm: Norm, dropout: bool, upsampling: Upsampling, tmp_path: Path
) -> None:
    network = _lively(
        ResnetGenerator(
            3, 3, 4, 2, norm, dropout=dropout, upsampling=upsampling,
            bias=False if norm == "none" else None,
        )
    )  # fmt: skip
    save_file(network.state_dict(), tmp_path / "own.safetensors")
    translator = read_translator(tmp_path / "own.safetensors")
    assert translator.architecture == "ResNet-2"
    assert (translator.norm, translator.multiple, translator.whole) == (norm, 4, False)
    assert translator.instance_norm == norm.startswith("instance")
    assert translator.task == ("pix2pix" if norm == "batch" else "cyclegan")
    assert _same(translator, network, _picture(16, 24))


def test_batch_norm_with_biases_and_wrappers_of_all_kinds() -> None:
    networks = [
        UnetGenerator(width=4, downs=5, bias=True),
        ResnetGenerator(3, 3, 4, 2, "batch", bias=True),
    ]
    for network in networks:
        _lively(network)
        state = {f"module.{key}": value.half() for key, value in network.state_dict().items()}
        translator = translator_from(unwrap({"epoch": 3, "netG": state}))
        network.load_state_dict({k: v.half() for k, v in network.state_dict().items()})
        assert translator.norm == "batch"
        assert _same(translator, network, _picture(32, 32))


def test_averages_that_old_instance_norms_kept_are_dropped() -> None:
    network = _lively(UnetGenerator(3, 3, 5, 4, None, "instance"))
    state = dict(network.state_dict())
    for name, module in network.named_modules():
        if isinstance(module, nn.InstanceNorm2d):
            state[f"{name}.running_mean"] = torch.full((module.num_features,), 3.0)
            state[f"{name}.running_var"] = torch.full((module.num_features,), 9.0)
    translator = translator_from(state)
    assert translator.norm == "instance"
    assert _same(translator, network, _picture(32, 32))


def test_batch_norm_saved_before_it_counted_batches() -> None:
    network = _lively(ResnetGenerator(3, 3, 4, 1, "batch"))
    state = {k: v for k, v in network.state_dict().items() if not k.endswith("tracked")}
    assert _same(translator_from(state), network, _picture(16, 16))


def test_batch_norm_with_the_statistics_of_the_picture_is_that_of_training() -> None:
    network = _lively(UnetGenerator(3, 3, 5, 4, None, "batch"))
    translator = translator_from(network.state_dict(), statistics="picture")
    assert translator.norm == "instance-affine"
    picture = _picture(64, 64)
    assert not _same(translator, network, picture)
    assert _same(translator, network.train(), picture)


def test_vintagify_names_its_blocks_differently() -> None:
    network = _lively(ResnetGenerator(3, 3, 4, 3, "instance-affine"))
    state = {k.replace("conv_block", "block"): v for k, v in network.state_dict().items()}
    translator = translator_from(state)
    assert translator.architecture == "ResNet-3"
    assert _same(translator, network, _picture(16, 16))


class _Plain(nn.Module):
    """Zero padding everywhere, another root, and blocks without a layer that pads."""

    def __init__(self, blocks: int) -> None:
        super().__init__()

        class Block(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.conv_block = nn.Sequential(
                    nn.Conv2d(16, 16, 3, padding=1), nn.InstanceNorm2d(16), nn.ReLU(), nn.Dropout(),
                    nn.Conv2d(16, 16, 3, padding=1), nn.InstanceNorm2d(16),
                )  # fmt: skip

            def forward(self, x: Tensor) -> Tensor:
                out: Tensor = x + self.conv_block(x)
                return out

        def up(wide: int) -> nn.Module:
            return nn.ConvTranspose2d(wide, wide // 2, 3, stride=2, padding=1, output_padding=1)

        self.main = nn.Sequential(
            nn.Conv2d(3, 4, 7, padding=3), nn.InstanceNorm2d(4), nn.ReLU(),
            nn.Conv2d(4, 8, 3, stride=2, padding=1), nn.InstanceNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.InstanceNorm2d(16), nn.ReLU(),
            *(Block() for _ in range(blocks)),
            up(16), nn.InstanceNorm2d(8), nn.ReLU(), up(8), nn.InstanceNorm2d(4), nn.ReLU(),
            nn.Conv2d(4, 3, 7, padding=3), nn.Tanh(),
        )  # fmt: skip

    def forward(self, image: Tensor) -> Tensor:
        out: Tensor = self.main(image)
        return out


@pytest.mark.parametrize("blocks", [0, 2])
def test_zero_padding_is_told_from_the_numbers_of_layers(blocks: int) -> None:
    network = _lively(_Plain(blocks))
    translator = translator_from(network.state_dict())
    assert translator.architecture == ("ResNet-2" if blocks else "Encoder-decoder")
    assert translator.norm == "instance"
    assert _same(translator, network, _picture(16, 16))


def test_the_small_encoder_decoder_works_from_0_to_1() -> None:
    network = _lively(EncoderDecoder(width=4))
    translator = translator_from(network.state_dict())
    picture = _picture(16, 16)
    with torch.inference_mode():
        assert torch.equal(translator(picture), network(picture).clamp(0, 1))


def test_gray_goes_in_as_luma_and_comes_out_in_three_channels() -> None:
    network = _lively(UnetGenerator(1, 1, 4, 4))
    translator = translator_from(network.state_dict())
    assert "gray to gray" in translator.describe()
    gray = _picture(16, 16, 1)
    with torch.inference_mode():
        out = translator(gray.expand(-1, 3, -1, -1))
        expected = ((network(gray * 2 - 1) + 1) / 2).clamp(0, 1)
    assert out.shape == (1, 3, 16, 16)
    assert torch.allclose(out, expected.expand_as(out), atol=1e-5)


def test_sides_of_any_length_are_padded_and_cut() -> None:
    network = ResnetGenerator(3, 3, 4, 1)
    initialise(network)
    translator = translator_from(network.state_dict())
    with torch.inference_mode():
        assert translator.padded(_picture(13, 22)).shape == (1, 3, 13, 22)
        assert translator.padded(_picture(2, 1)).shape == (1, 3, 2, 1)


@pytest.mark.parametrize(
    "state",
    [
        {"conv1.weight": torch.zeros(4, 3, 3, 3)},
        {},
        {f"model.{i}.weight": torch.zeros(4, 4, 3, 3) for i in range(1, 7)},
        UnetGenerator(4, 3, 4, 4).state_dict(),
        {k: v for k, v in UnetGenerator(3, 3, 4, 4).state_dict().items() if "3.model.1" not in k},
        {
            k: v
            for k, v in ResnetGenerator(3, 3, 4, 2).state_dict().items()
            if "10.conv_block.1." not in k
        },
    ],
)
def test_others_are_refused_with_what_was_found(state: dict[str, Tensor]) -> None:
    with pytest.raises(UnknownTranslatorError, match="tensors") as caught:
        translator_from(state, "foreign.pth")
    assert "foreign.pth" in caught.value.message


@pytest.mark.parametrize(
    ("file", "architecture", "norm"),
    [
        ("cyclegan/jee371_photo2sketch_G.pth", "Encoder-decoder", "instance"),
        ("pix2pix/gulseher_pix2pix_G.pth", "Encoder-decoder", "batch"),
    ],
)
def test_real_checkpoints(shared: Path, file: str, architecture: str, norm: Norm) -> None:
    translator = read_translator(shared / "checkpoints" / file)
    assert (translator.architecture, translator.norm) == (architecture, norm)
    with torch.inference_mode():
        out = translator(_picture(64, 64))
    assert out.std() > 0.01
