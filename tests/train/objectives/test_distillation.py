"""How far a student is from its teacher, against the formula written out."""

import numpy as np
import pytest
import torch

from elmo.train.objectives.distillation import relative_distances

B, T, P = 2, 3, 5


def test_the_distance_is_the_mean_of_the_layers():
    rng = np.random.default_rng(0)
    student, teacher = (rng.normal(size=(4, B, T, P)).astype(np.float32) for _ in range(2))
    expected = np.zeros(B * T)
    for b in range(B):
        for t in range(T):
            for own, right in zip(student[:, b, t], teacher[:, b, t], strict=True):
                expected[b * T + t] += sum((own - right) ** 2) / sum(right**2) / 4
    found = relative_distances([*torch.from_numpy(student)], [*torch.from_numpy(teacher)])
    assert found.numpy() == pytest.approx(expected, rel=1e-5)


def test_a_teacher_that_says_nothing_divides_nothing_by_zero():
    nothing = [torch.zeros(B, T, P)]
    assert not relative_distances(nothing, nothing).any()
    assert torch.isfinite(relative_distances([torch.ones(B, T, P)], nothing)).all()
