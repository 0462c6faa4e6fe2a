"""Linear programs against another way into another build of a solver, and what has no solution."""

import numpy as np
import pytest
from scipy.optimize import linprog

from marginwatch.risk.advice.solver import LinearProgram, solved


def random_program(seed):
    rng = np.random.default_rng(seed)
    rows, columns = int(rng.integers(2, 12)), int(rng.integers(2, 15))
    matrix = np.where(rng.random((rows, columns)) < 0.5, rng.normal(0.0, 1.0, (rows, columns)), 0.0)
    inside = rng.uniform(0.0, 2.0, columns)
    lower = matrix @ inside - rng.uniform(0.0, 1.0, rows)
    row, column = np.nonzero(matrix)
    program = LinearProgram(
        cost=rng.uniform(-0.2, 1.0, columns),
        lower=np.zeros(columns),
        upper=np.full(columns, 3.0),
        row_lower=lower,
        row_upper=np.full(rows, np.inf),
        row=row,
        column=column,
        value=matrix[row, column],
    )
    return program, matrix


@pytest.mark.parametrize("seed", range(25))
def test_the_best_cost_is_that_of_an_interior_point_solver(seed):
    program, matrix = random_program(seed)
    x = solved(program)
    judge = linprog(
        program.cost, A_ub=-matrix, b_ub=-program.row_lower, bounds=(0.0, 3.0), method="highs-ipm"
    )
    assert program.cost @ x == pytest.approx(judge.fun, abs=1e-6)
    assert (matrix @ x >= program.row_lower - 1e-7).all()
    assert (x >= 0.0).all()
    assert (x <= 3.0).all()


def test_what_cannot_be_has_no_solution():
    program = LinearProgram(
        cost=np.ones(1),
        lower=np.zeros(1),
        upper=np.ones(1),
        row_lower=np.array([2.0]),
        row_upper=np.array([np.inf]),
        row=np.array([0]),
        column=np.array([0]),
        value=np.ones(1),
    )
    assert solved(program) is None


def test_nothing_of_the_solver_is_loaded_with_the_advice():
    import subprocess
    import sys

    code = (
        "import sys, marginwatch.cli, marginwatch.risk.advice.transfers, marginwatch.risk.advice.hedges;"
        "print('highspy' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.strip() == "False"
