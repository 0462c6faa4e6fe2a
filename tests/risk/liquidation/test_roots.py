"""Nearest roots of many subjects at once, against numpy's polynomial roots."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marginwatch.risk.answers import Answer
from marginwatch.risk.liquidation.roots import DOWN_GRID, UP_GRID, nearest_roots


@dataclass
class Polynomials:
    """Subjects whose headroom is a polynomial of the shock; counts the values asked for."""

    coefficients: np.ndarray  # (size, degree + 1), highest first
    asked: list[int]

    @property
    def size(self):
        return self.coefficients.shape[0]

    def headroom_at(self, shock):
        return self.headroom(np.full(self.size, shock))

    def headroom(self, shocks):
        self.asked.append(self.size)
        return np.array([np.polyval(c, s) for c, s in zip(self.coefficients, shocks, strict=True)])

    def part(self, rows):
        return Polynomials(self.coefficients[rows], self.asked)


def are_apart(roots):
    """Return whether no two roots could hide between the same neighbors of the grid."""
    pairs = itertools.combinations([r for r in roots if r > -1.0], 2)
    return all(abs(np.log1p(a) - np.log1p(b)) > 0.4 for a, b in pairs)


def roots_of(coefficients, grid):
    subjects = Polynomials(np.array(coefficients, float), [])
    return nearest_roots(subjects, subjects.headroom_at(0.0), grid)


def nearest_by_numpy(coefficients, low, high):
    """Return the root nearest to 0 in an open range, NaN without one."""
    roots = np.roots(coefficients)
    real = roots[np.abs(roots.imag) < 1e-12].real
    inside = real[(real > low) & (real < high)]
    return inside[np.argmin(np.abs(inside))] if inside.size else np.nan


def test_line_falling_with_the_price_has_its_root_below_and_none_above():
    line = [[1000.0, 123.0]]

    down, up = roots_of(line, DOWN_GRID), roots_of(line, UP_GRID)

    assert down.shock[0] == pytest.approx(-0.123, rel=1e-9)
    assert up.answer[0] == Answer.NONE_IN_RANGE
    assert np.isnan(up.shock[0])


def test_nothing_left_is_at_zero_and_not_somewhere():
    assert roots_of([[1000.0, 0.0], [1000.0, -5.0]], DOWN_GRID).shock.tolist() == [0.0, 0.0]


def test_unknown_headroom_is_missing_and_not_none():
    roots = roots_of([[np.nan, np.nan], [1.0, 2.0]], DOWN_GRID)

    assert roots.answer.tolist() == [Answer.MISSING, Answer.NONE_IN_RANGE]


def test_of_two_roots_the_nearer_is_taken():
    # (s + 0.3)(s + 0.7): below zero between them only.
    roots = roots_of([[1.0, 1.0, 0.21]], DOWN_GRID)

    assert roots.shock[0] == pytest.approx(-0.3, rel=1e-9)


def test_dip_between_two_neighbors_of_the_grid_is_found():
    # Two roots inside one cell of the grid, 0.23 to 0.31.
    coefficients = np.poly([0.265, 0.275])

    roots = roots_of([coefficients], UP_GRID)

    assert roots.shock[0] == pytest.approx(0.265, rel=1e-9)


def test_jump_is_met_at_its_place():
    class Stairs(Polynomials):
        def headroom(self, shocks):
            return np.where(shocks < -0.2137, -1.0, 1.0)

        def part(self, rows):
            return Stairs(self.coefficients[rows], self.asked)

    subjects = Stairs(np.zeros((1, 1)), [])

    roots = nearest_roots(subjects, np.ones(1), DOWN_GRID)

    assert roots.shock[0] == pytest.approx(-0.2137, abs=1e-9)
    assert roots.shock[0] <= -0.2137


def test_settled_subjects_are_left_out_of_later_passes():
    near = [[1000.0, 5.0]] * 90
    far = [[1.0, 0.95]] * 10
    subjects = Polynomials(np.array(near + far), [])

    nearest_roots(subjects, subjects.headroom_at(0.0), DOWN_GRID)

    assert subjects.asked[2 : 1 + len(DOWN_GRID)] == [10] * (len(DOWN_GRID) - 1)


@given(
    st.lists(
        st.lists(
            st.floats(-0.9, 6.0).filter(lambda root: abs(root) > 0.02 and abs(root - 5.0) > 1e-3),
            min_size=1,
            max_size=4,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_agrees_with_polynomial_roots(all_roots):
    """Headroom above zero without a shock; roots apart from each other so that no dip hides between neighbors."""
    apart = [roots for roots in all_roots if are_apart(roots)]
    polynomials = [np.poly(r) * np.sign(np.polyval(np.poly(r), 0.0)) for r in apart]
    for grid, low, high in ((DOWN_GRID, -0.99, 0.0), (UP_GRID, 0.0, 5.0)):
        for polynomial in polynomials:
            found = roots_of([polynomial], grid)
            expected = nearest_by_numpy(polynomial, low, high)
            if np.isnan(expected):
                assert found.answer[0] == Answer.NONE_IN_RANGE
            elif np.isfinite(expected) and abs(expected - low) > 1e-6 and abs(expected - high) > 1e-6:
                assert found.shock[0] == pytest.approx(expected, rel=1e-6, abs=1e-9)
