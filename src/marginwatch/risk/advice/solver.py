"""Linear programs, solved by HiGHS."""

from dataclasses import dataclass

import numpy as np

from marginwatch.book.table import CodeArray, FloatArray

TIME_LIMIT_S = 20.0
"""A program of thousands of accounts takes a second or two; what takes longer is given up, and said so."""

TOLERANCE = 1e-9
"""By how much HiGHS may miss a bound or a best cost; at its usual 1e-7 programs in sequence gather dust."""


@dataclass(slots=True, frozen=True, eq=False)
class LinearProgram:
    """Minimize ``cost @ x`` where ``lower ≤ x ≤ upper`` and ``row_lower ≤ A x ≤ row_upper``; infinite bounds are none.

    Parameters
    ----------
    cost, lower, upper : ndarray of shape (v,), float64
        By variable.
    row_lower, row_upper : ndarray of shape (r,), float64
        By row.
    row, column : ndarray of shape (z,), int64
        Places of the entries of A, none twice.
    value : ndarray of shape (z,), float64
        The entries.
    """

    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    row_lower: FloatArray
    row_upper: FloatArray
    row: CodeArray
    column: CodeArray
    value: FloatArray


def solved(program: LinearProgram) -> FloatArray | None:
    """Return the best x, shape (v,); None if there is none or it was not found in time.

    References
    ----------
    Huangfu and Hall (2018), Parallelizing the dual revised simplex method, Math. Programming Computation 10: HiGHS.
    """
    # Loading it takes a tenth of a second, which neither `--help` nor a service that is asked nothing should pay.
    import highspy  # noqa: PLC0415

    n_rows, n_columns = int(program.row_lower.shape[0]), int(program.cost.shape[0])
    order = np.lexsort((program.row, program.column))
    starts: CodeArray = np.zeros(n_columns + 1, np.int64)
    starts[1:] = np.cumsum(np.bincount(program.column, minlength=n_columns))
    model = highspy.Highs()
    # Silent, and on one thread: the book's own thread wants the other core.
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    model.setOptionValue("time_limit", TIME_LIMIT_S)
    for kind in ("primal", "dual"):
        model.setOptionValue(f"{kind}_feasibility_tolerance", TOLERANCE)
    linear = highspy.HighsLp()
    linear.num_col_, linear.num_row_ = n_columns, n_rows
    linear.col_cost_, linear.col_lower_, linear.col_upper_ = program.cost, program.lower, program.upper
    linear.row_lower_, linear.row_upper_ = program.row_lower, program.row_upper
    linear.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    linear.a_matrix_.start_ = starts.astype(np.int32)
    linear.a_matrix_.index_ = program.row[order].astype(np.int32)
    linear.a_matrix_.value_ = program.value[order]
    model.passModel(linear)
    model.run()
    if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    found = np.array(model.getSolution().col_value, np.float64)
    return np.clip(found, program.lower, program.upper)
