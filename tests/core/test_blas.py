"""Evidence is computed on one thread of linear algebra, whatever the process had before, and leaves that as it was."""

from threadpoolctl import threadpool_info, threadpool_limits

from rootkappa import problems, theory
from rootkappa.core.blas import one_blas_thread


def threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def test_a_verdict_takes_one_thread():
    seen = []
    with threadpool_limits(2, user_api="blas"):
        theory.verify(
            "gradient_descent",
            problems.Quadratic.random(clients=2, dim=2, kappa=10.0),
            evidence="exact",
            progress=lambda kind, share: seen.append(threads()),
        )
        assert threads() == {2}
    assert seen
    assert all(one == {1} for one in seen)


def test_a_decorated_function_takes_one_thread():
    with threadpool_limits(2, user_api="blas"):
        assert one_blas_thread()(threads)() == {1}
        assert threads() == {2}
