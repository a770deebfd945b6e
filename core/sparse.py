"""Products with sparse rows, in one fixed order: a dot product is the sum of its even entries and that of its odd ones.

Each function is here for one vector, and for eight that stand side by side, of eight runs or eight classes, where an
entry of the row meets the eight numbers of its column at once: what it does to one of them has the same bits.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from .simd import DOUBLE, INT, VECTOR, WIDTH, ZEROS, Code, check_layout, instruction, number


class _Row:
    """The entries of one row, and where the numbers of a column stand."""

    def __init__(self, code: Code, types: Any, arrays: Any, together: int) -> None:
        self._code, self._together = code, together
        self._values, self._columns, self._at = (
            code.pointer(kind, array, number(0)) for kind, array in zip(types, arrays, strict=True)
        )

    def entry(self, place: Any) -> tuple[Any, Any]:
        """Return an entry, once for each vector, and the address of the numbers of its column."""
        builder = self._code.builder
        value = builder.load(builder.gep(self._values, [place]))
        column = builder.zext(builder.load(builder.gep(self._columns, [place])), INT)
        return self.spread(value), self.numbers(self._at, column)

    def spread(self, value: Any) -> Any:
        return value if self._together == 1 else self._code.all_of(value)

    def numbers(self, pointer: Any, place: Any) -> Any:
        """Return the address of the numbers at a place of a vector, or of eight."""
        builder = self._code.builder
        address = builder.gep(pointer, [builder.mul(place, number(self._together))])
        return address if self._together == 1 else builder.bitcast(address, VECTOR.as_pointer())

    def load(self, address: Any) -> Any:
        return self._code.builder.load(address, align=8)

    def store(self, value: Any, address: Any) -> None:
        self._code.builder.store(value, address, align=8)


def _dot_of(together: int) -> Any:
    zero = ir.Constant(DOUBLE, 0.0) if together == 1 else ZEROS

    def plain(values, columns, first, last, x, y, place):
        y[place] = values[first:last] @ x[columns[first:last]]

    @instruction(plain)
    def dot(typing_context, values, columns, first, last, x, y, place):
        def generate(context, builder, signature, arguments):
            entries, places, first, last, vector, result, place = arguments
            code = Code(context, builder)
            row = _Row(code, (values, columns, x), (entries, places, vector), together)

            def added(place: Any, total: Any) -> Any:
                value, address = row.entry(place)
                return code.fused(value, row.load(address), total)

            def two(place: Any, sums: list[Any]) -> list[Any]:
                return [added(place, sums[0]), added(builder.add(place, number(1)), sums[1])]

            pairs = builder.and_(builder.sub(last, first), number(-2))
            end = builder.add(first, pairs)
            even, odd = code.loop(first, end, 2, [zero, zero], two)
            (even,) = code.loop(end, last, 1, [even], lambda place, sums: [added(place, sums[0])])
            row.store(builder.fadd(even, odd), row.numbers(code.pointer(y, result, number(0)), place))
            return context.get_dummy_value()

        check_layout(values, x, y)
        return types.void(values, columns, types.intp, types.intp, x, y, types.intp), generate

    return dot


def _sum_of(together: int) -> Any:
    def plain(values, columns, first, last, s, place, y):
        y[columns[first:last]] += np.multiply.outer(values[first:last], s[place])

    @instruction(plain)
    def add(typing_context, values, columns, first, last, s, place, y):
        def generate(context, builder, signature, arguments):
            entries, places, first, last, weights, place, vector = arguments
            code = Code(context, builder)
            row = _Row(code, (values, columns, y), (entries, places, vector), together)
            weight = row.load(row.numbers(code.pointer(s, weights, number(0)), place))

            def one(place: Any, _: list[Any]) -> list[Any]:
                value, address = row.entry(place)
                row.store(code.fused(value, weight, row.load(address)), address)
                return []

            code.loop(first, last, 1, [], one)
            return context.get_dummy_value()

        check_layout(values, s, y)
        return types.void(values, columns, types.intp, types.intp, s, types.intp, y), generate

    return add


#: ``sparse_dot(values, columns, first, last, x, y, place)`` writes the product of x with a row to ``y[place]``: the row
#: has ``values[first:last]`` in ``columns[first:last]``.
sparse_dot, sparse_dot_of_8 = _dot_of(1), _dot_of(WIDTH)
#: ``add_sparse(values, columns, first, last, s, place, y)`` adds ``s[place]`` times the row to y.
add_sparse, add_sparse_to_8 = _sum_of(1), _sum_of(WIDTH)
