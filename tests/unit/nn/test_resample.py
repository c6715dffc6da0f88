import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.nn.resample import bicubic_downscale, bicubic_resize, bicubic_rows

sides = st.integers(1, 150)


@given(sides, sides, sides, sides)
@settings(max_examples=40, deadline=None)
def test_any_size_becomes_any_size_and_flat_stays_flat(height, width, new_height, new_width):
    image = torch.full((1, 2, height, width), 0.37)
    out = bicubic_resize(image, new_height, new_width)
    assert out.shape == (1, 2, new_height, new_width)
    assert torch.allclose(out, torch.tensor(0.37), atol=1e-6)


@pytest.mark.parametrize(("size", "new"), [((300, 70), (130, 150)), ((40, 50), (333, 97))])
def test_rows_are_those_of_the_whole(size, new):
    image = torch.rand(1, 3, *size)
    whole = bicubic_resize(image, *new)
    rows = bicubic_rows(image, *new, 11, 77)
    assert torch.allclose(rows, whole[:, :, 11:77], atol=1e-6)


def test_shrinking_by_two_uses_the_antialiased_cubic_of_matlab():
    # Keys' kernel at 1.75, 0.75, 0.25 and 1.25, halved: what imresize(line, 0.5) gives.
    line = torch.zeros(1, 1, 1, 14)
    line[..., 6] = 1
    out = bicubic_resize(line, 1, 7)[0, 0, 0]
    assert out.tolist() == [0, -0.01171875, 0.11328125, 0.43359375, -0.03515625, 0, 0]


def test_a_downscale_needs_a_multiple_and_gives_eight_bits():
    with pytest.raises(ValueError, match="10x9 is not a multiple of 2"):
        bicubic_downscale(torch.rand(1, 3, 9, 10), 2)
    small = bicubic_downscale(torch.rand(1, 3, 8, 10), 2)
    assert torch.equal((small * 255).round() / 255, small)


def test_gradients_pass():
    image = torch.rand(1, 1, 9, 9, requires_grad=True)
    bicubic_resize(image, 5, 12).sum().backward()
    assert image.grad is not None
    assert float(image.grad.sum()) == pytest.approx(60, rel=1e-5)


def test_the_reduced_precision_of_matrix_products_does_not_reach_it():
    image = torch.rand(1, 3, 260, 300)
    exact = bicubic_resize(image.double(), 130, 450).float()
    torch.set_float32_matmul_precision("medium")
    try:
        out = bicubic_resize(image, 130, 450)
    finally:
        torch.set_float32_matmul_precision("highest")
    assert float((out - exact).abs().max()) < 1e-4
