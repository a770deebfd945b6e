"""Products with the vectors of eight runs that stand side by side, ``X[k]`` the entry k of each.

An entry of a matrix is read once for eight runs and meets their numbers in one vector instruction. The order of every
sum is that of :mod:`~rootkappa.core.simd`, so that a run has the bits that it has alone.
"""

from typing import Any

from llvmlite import binding
from numba import types

from .inner import inner
from .simd import WIDTH, ZEROS, Code, check_layout, instruction, number, rows_of, stay_apart

#: As many rows are taken together as keep the multipliers busy and their sums in registers.
ROWS = 8 if binding.get_host_cpu_features().get("avx512f") else 4


def _dots_of(count: int) -> Any:
    def plain(A, row, X, Y, place):
        Y[place : place + count] = A[row : row + count] @ X

    @instruction(plain)
    def dots(typing_context, A, row, X, Y, place):
        def generate(context, builder, signature, arguments):
            matrix, row, vectors, results, place = arguments
            code = Code(context, builder)
            rows = rows_of(code, A, matrix, row, code.size(A, matrix, 1), count)
            d, at = code.size(X, vectors, 0), code.pointer(X, vectors, number(0))
            whole = builder.and_(d, number(-WIDTH))

            def body(k: Any, carried: list[Any]) -> list[Any]:
                numbers = code.load(at, builder.mul(k, number(WIDTH)))
                entries = [code.all_of(builder.load(builder.gep(pointer, [k]))) for pointer in rows]
                return [code.fused(entry, numbers, total) for entry, total in zip(entries, carried, strict=True)]

            def sums(c: int) -> list[Any]:
                # But for the last entry all have equally many: loops that count each its own take half as long again.
                totals = code.loop(
                    number(0),
                    whole,
                    WIDTH,
                    [ZEROS] * count,
                    lambda k, carried: body(builder.add(k, number(c)), carried),
                )
                return code.loop(builder.add(whole, number(c)), d, WIDTH, totals, body)

            def added(some: list[Any], others: list[Any]) -> list[Any]:
                return [builder.fadd(a, b) for a, b in zip(some, others, strict=True)]

            low, high = (added(added(sums(k), sums(k + 4)), added(sums(k + 1), sums(k + 5))) for k in (0, 2))
            end = code.pointer(Y, results, builder.mul(place, number(WIDTH)))
            for r, total in enumerate(added(low, high)):
                code.store(total, end, number(r * WIDTH))
            return context.get_dummy_value()

        check_layout(A, X, Y)
        return types.void(A, types.intp, X, Y, types.intp), generate

    return dots


def _sums_of(count: int) -> Any:
    def plain(A, row, S, place, Y):
        Y += A[row : row + count].T @ S[place : place + count]

    @instruction(plain)
    def sums(typing_context, A, row, S, place, Y):
        def generate(context, builder, signature, arguments):
            matrix, row, weights, place, results = arguments
            code = Code(context, builder)
            rows = rows_of(code, A, matrix, row, code.size(A, matrix, 1), count)
            d, at = code.size(Y, results, 0), code.pointer(Y, results, number(0))
            first = code.pointer(S, weights, builder.mul(place, number(WIDTH)))
            factors = [code.load(first, number(r * WIDTH)) for r in range(count)]

            def body(k: Any, _: list[Any]) -> list[Any]:
                there = builder.mul(k, number(WIDTH))
                total = code.load(at, there)
                for pointer, factor in zip(rows, factors, strict=True):
                    total = code.fused(code.all_of(builder.load(builder.gep(pointer, [k]))), factor, total)
                code.store(total, at, there)
                return []

            code.loop(number(0), d, 1, [], body)
            return context.get_dummy_value()

        check_layout(A, S, Y)
        return types.void(A, types.intp, S, types.intp, Y), generate

    return sums


#: ``dots_of_rows(A, row, X, Y, place)`` writes ``A[row : row + ROWS, :d] @ X`` to ``Y[place : place + ROWS]``.
dots_of_rows, dots_of_row = _dots_of(ROWS), _dots_of(1)
#: ``sums_of_rows(A, row, S, place, Y)`` adds ``A[row : row + ROWS, :d].T @ S[place : place + ROWS]`` to Y.
sums_of_rows, sums_of_row = _sums_of(ROWS), _sums_of(1)


@inner
def products_of_runs(A, first, last, X, Y):
    """Write ``A[first:last] @ X``, shape (last - first, 8), to the first rows of Y."""
    stay_apart()
    j = first
    if first + ROWS <= last:
        while j < last:
            # At the end some rows once more, which costs less than the last ones one by one.
            j = min(j, last - ROWS)
            dots_of_rows(A, j, X, Y, j - first)
            j += ROWS
    while j < last:
        dots_of_row(A, j, X, Y, j - first)
        j += 1


@inner
def add_transposed_products(A, first, last, S, Y):
    """Add ``A[first:last].T @ S``, with the first rows of S, to Y, shape (d, 8)."""
    stay_apart()
    j = first
    while j + ROWS <= last:
        sums_of_rows(A, j, S, j - first, Y)
        j += ROWS
    while j < last:
        sums_of_row(A, j, S, j - first, Y)
        j += 1
