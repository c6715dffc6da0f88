from __future__ import annotations

import math

import pytest
import torch

from studio.nn.metrics import frechet_distance


def normal(number, mean, deviations, seed=0):
    """Rows whose mean and covariance are exactly these."""
    random = torch.Generator().manual_seed(seed)
    raw = torch.randn(number, len(deviations), generator=random, dtype=torch.float64)
    raw = raw - raw.mean(0)
    white = raw @ torch.linalg.inv(torch.linalg.cholesky(raw.T @ raw / number)).T
    return white * torch.tensor(deviations, dtype=torch.float64) + torch.tensor(mean)


def turned(rows, angle):
    cos, sin = math.cos(angle), math.sin(angle)
    return rows @ torch.tensor([[cos, sin], [-sin, cos]], dtype=torch.float64)


def test_it_is_the_closed_form_of_two_gaussians_with_common_axes():
    one = normal(200, [0.0, 1.0, -2.0], [1.0, 2.0, 0.5], seed=1)
    other = normal(300, [3.0, 1.0, 2.0], [1.5, 0.5, 0.5], seed=2)
    expected = 3.0**2 + 4.0**2 + 0.5**2 + 1.5**2
    assert frechet_distance(one, other, shrinkage=0) == pytest.approx(expected, rel=1e-9)


def test_it_is_the_closed_form_of_turned_ones():
    # tr(root(A B)) of 2 x 2 matrices is root(tr(A B) + 2 root(det(A B))).
    one = turned(normal(100, [0.0, 0.0], [3.0, 1.0], seed=3), 0.3)
    other = turned(normal(100, [0.0, 0.0], [2.0, 0.5], seed=4), 1.2)
    a, b = (rows.T @ rows / 100 for rows in (one, other))
    product = a @ b
    common = torch.sqrt(product.trace() + 2 * torch.linalg.det(product).sqrt())
    expected = float(a.trace() + b.trace() - 2 * common)
    assert frechet_distance(one, other, shrinkage=0) == pytest.approx(expected, rel=1e-9)


def test_a_set_is_at_no_distance_from_itself_and_the_order_does_not_count():
    one = normal(50, [0.0, 0.0], [1.0, 4.0], seed=5)
    other = normal(70, [1.0, 0.0], [2.0, 1.0], seed=6)
    assert frechet_distance(one, one.flip(0)) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(one, other) == pytest.approx(frechet_distance(other, one), rel=1e-9)


def test_shrinkage_is_that_of_ledoit_and_wolf():
    random = torch.Generator().manual_seed(7)
    few = torch.randn(12, 3, generator=random, dtype=torch.float64)
    few = (few - few.mean(0)) * torch.tensor([2.0, 1.0, 0.5])
    covariance = few.T @ few / 12
    even = torch.eye(3, dtype=torch.float64) * covariance.trace() / 3
    # Their equations by the letter: d2 is the spread of the eigenvalues, b2 the noise of C.
    d2 = (covariance - even).square().sum()
    b2 = sum((torch.outer(x, x) - covariance).square().sum() for x in few) / 12**2
    share = min(b2 / d2, 1)
    assert 0.01 < share < 0.99
    shrunk = (1 - share) * covariance + share * even
    # Against rows of one value, with no spread of their own, the distance is the covariance's trace,
    # which shrinking keeps; against white ones it is the sum over eigenvalues.
    assert frechet_distance(few, torch.zeros(5, 3)) == pytest.approx(float(covariance.trace()))
    white = normal(4000, [0.0, 0.0, 0.0], [1.0, 1.0, 1.0], seed=9)
    expected = float((torch.linalg.eigvalsh(shrunk).sqrt() - 1).square().sum())
    assert frechet_distance(few, white) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(few, white, shrinkage=0) != pytest.approx(expected, rel=0.01)


def test_with_few_rows_shrinkage_brings_it_closer_to_the_truth():
    random = torch.Generator().manual_seed(8)
    halves = torch.randn(2, 20, 64, generator=random, dtype=torch.float64)  # one distribution
    assert frechet_distance(*halves) < 0.5 * frechet_distance(*halves, shrinkage=0)


@pytest.mark.parametrize("shapes", [((4, 3), (4, 2)), ((4, 3, 1), (4, 3)), ((1, 3), (4, 3))])
def test_other_shapes_are_refused(shapes):
    one, other = (torch.zeros(shape) for shape in shapes)
    with pytest.raises(ValueError, match="rows|expected"):
        frechet_distance(one, other)
