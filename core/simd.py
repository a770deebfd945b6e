"""Explicit vector instructions for compiled code: LLVM does not find them by itself, or finds another order each time.

LLVM makes of eight floats side by side what the machine has: a register of AVX-512, two of AVX2, four of 64-bit Arm.
Every sum has one fixed order. A dot product is eight sums s0 to s7, of the entries whose places are 0 to 7 modulo 8,
each from left to right, and then ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7)). A sum of rows is taken row after
row. Products are fused into the sums wherever the machine can do that. So no bit depends on how many rows are taken
together.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.errors import TypingError
from numba.extending import intrinsic

from .compiled import config

#: How many floats are taken side by side.
WIDTH = 8

DOUBLE, INT, _BIT = ir.DoubleType(), ir.IntType(64), ir.IntType(1)
VECTOR, _MASK = ir.VectorType(DOUBLE, WIDTH), ir.VectorType(_BIT, WIDTH)
_PLACES = ir.Constant(ir.VectorType(INT, WIDTH), list(range(WIDTH)))
ZEROS = ir.Constant(VECTOR, [0.0] * WIDTH)


def instruction(plain: Callable[..., Any]) -> Callable[[Any], Any]:
    """Make instructions for compiled code of a function that writes them; without a compiler ``plain`` does as much.

    Whoever runs compiled functions as Python finds it as ``plain_form``.
    """
    if config.DISABLE_JIT:
        return lambda writes: plain

    def made(writes: Any) -> Any:
        found: Any = intrinsic(writes)
        found.plain_form = plain
        return found

    return made


def number(value: int) -> ir.Constant:
    """Return a whole number that is known."""
    return ir.Constant(INT, value)


def _shuffled(builder: Any, a: Any, b: Any, places: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(places)), places))


class Code:
    """Writes vector instructions where a builder stands."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context, self.builder = context, builder

    def all_of(self, value: Any) -> Any:
        """Return a vector of one number."""
        undefined = ir.Constant(ir.VectorType(value.type, WIDTH), ir.Undefined)
        one = self.builder.insert_element(undefined, value, ir.Constant(ir.IntType(32), 0))
        return _shuffled(self.builder, one, undefined, [0] * WIDTH)

    def constant(self, value: float) -> Any:
        """Return a vector of one known float."""
        return ir.Constant(VECTOR, [value] * WIDTH)

    def pointer(self, kind: Any, array: Any, offset: Any) -> Any:
        """Return the address of an entry of an array that is stored row by row."""
        return self.builder.gep(self.context.make_array(kind)(self.context, self.builder, array).data, [offset])

    def size(self, kind: Any, array: Any, axis: int) -> Any:
        """Return how long an array is along an axis."""
        shape = self.context.make_array(kind)(self.context, self.builder, array).shape
        return self.builder.extract_value(shape, axis)

    def _called(self, name: str, result: Any, arguments: list[Any]) -> Any:
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        module = self.builder.module
        function = module.globals.get(name) or ir.Function(module, kind, name)
        return self.builder.call(function, arguments)

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        """Return ab + c, of floats or of vectors."""
        name = "llvm.fmuladd.f64" if a.type == DOUBLE else "llvm.fmuladd.v8f64"
        return self._called(name, a.type, [a, b, c])

    def load(self, pointer: Any, place: Any, mask: Any = None) -> Any:
        """Return eight entries; zeros where the mask is off, and what would stand there is not touched."""
        address = self.builder.bitcast(self.builder.gep(pointer, [place]), VECTOR.as_pointer())
        if mask is None:
            return self.builder.load(address, align=8)
        arguments = [address, ir.Constant(ir.IntType(32), 8), mask, ZEROS]
        return self._called("llvm.masked.load.v8f64.p0v8f64", VECTOR, arguments)

    def store(self, value: Any, pointer: Any, place: Any, mask: Any = None) -> None:
        address = self.builder.bitcast(self.builder.gep(pointer, [place]), VECTOR.as_pointer())
        if mask is None:
            self.builder.store(value, address, align=8)
        else:
            arguments = [value, address, ir.Constant(ir.IntType(32), 8), mask]
            self._called("llvm.masked.store.v8f64.p0v8f64", ir.VoidType(), arguments)

    def loop(self, first: Any, last: Any, step: int, start: list[Any], body: Any) -> list[Any]:
        """Go from ``first`` to below ``last``; ``body(place, carried)`` returns what is carried on."""
        builder = self.builder
        before, looped, after = builder.basic_block, *(builder.append_basic_block(name) for name in ("loop", "after"))
        builder.cbranch(builder.icmp_signed("<", first, last), looped, after)
        builder.position_at_end(looped)
        place, carried = builder.phi(INT), [builder.phi(value.type) for value in start]
        new = body(place, carried)
        further, end = builder.add(place, number(step)), builder.basic_block
        builder.cbranch(builder.icmp_signed("<", further, last), looped, after)
        builder.position_at_end(after)
        results = [builder.phi(value.type) for value in start]
        for phi, *values in zip([place, *carried], [first, *start], [further, *new], strict=True):
            _join(phi, values, (before, end))
        for phi, *values in zip(results, start, new, strict=True):
            _join(phi, values, (before, end))
        return results

    def along(self, count: Any, start: list[Any], body: Any) -> list[Any]:
        """Go along ``count`` floats, eight at a time and the rest under a mask; carry the vectors of ``start`` on.

        ``body(place, mask, carried)`` returns what is carried on.
        """
        builder = self.builder
        whole = builder.and_(count, number(-WIDTH))
        totals = self.loop(number(0), whole, WIDTH, start, lambda place, carried: body(place, None, carried))
        left, before = builder.sub(count, whole), builder.basic_block
        rest, after = builder.append_basic_block("rest"), builder.append_basic_block("after")
        builder.cbranch(builder.icmp_signed(">", left, number(0)), rest, after)
        builder.position_at_end(rest)
        new = body(whole, builder.icmp_signed("<", _PLACES, self.all_of(left)), totals)
        end = builder.basic_block
        builder.branch(after)
        builder.position_at_end(after)
        results = [builder.phi(value.type) for value in start]
        for phi, *values in zip(results, totals, new, strict=True):
            _join(phi, values, (before, end))
        return results

    def four_sums(self, vectors: list[Any]) -> Any:
        """Return the sums of four vectors, in the order of this module, side by side."""
        builder = self.builder
        low, high = list(range(WIDTH // 2)), list(range(WIDTH // 2, WIDTH))
        halves = [builder.fadd(_shuffled(builder, v, v, low), _shuffled(builder, v, v, high)) for v in vectors]
        pairs = [
            builder.fadd(_shuffled(builder, a, b, [0, 4, 2, 6]), _shuffled(builder, a, b, [1, 5, 3, 7]))
            for a, b in (halves[:2], halves[2:])
        ]
        a, b = pairs
        return builder.fadd(_shuffled(builder, a, b, [0, 1, 4, 5]), _shuffled(builder, a, b, [2, 3, 6, 7]))


@instruction(lambda: None)
def stay_apart(typing_context):
    """Let the function that calls this be called where it is used, and not be written into its callers once more."""

    def generate(context, builder, signature, arguments):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), generate


def _join(phi: Any, values: list[Any], blocks: tuple[Any, Any]) -> None:
    for value, block in zip(values, blocks, strict=True):
        phi.add_incoming(value, block)


def rows_of(code: Code, kind: Any, A: Any, row: Any, width: Any, count: int) -> list[Any]:
    """Return where some rows of a matrix begin."""
    first = code.builder.mul(row, width)
    offsets = [code.builder.add(first, code.builder.mul(number(r), width)) for r in range(count)]
    return [code.pointer(kind, A, offset) for offset in offsets]


def check_layout(*arrays: Any) -> None:
    """Refuse arrays that are not stored row by row, which the addresses here assume."""
    for array in arrays:
        if not isinstance(array, types.Array) or array.layout != "C" or array.dtype != types.float64:
            raise TypingError(f"vector instructions take arrays of floats that are stored row by row, no {array}")


def _dots_of(count: int) -> Any:
    def plain(A: np.ndarray, row: int, x: np.ndarray, y: np.ndarray, place: int) -> None:
        y[place : place + count] = A[row : row + count, : len(x)] @ x

    @instruction(plain)
    def dots(typing_context, A, row, x, y, place):
        def generate(context, builder, signature, arguments):
            matrix, row, vector, result, place = arguments
            code = Code(context, builder)
            width, d = code.size(A, matrix, 1), code.size(x, vector, 0)
            rows = rows_of(code, A, matrix, row, width, count)
            at = code.pointer(x, vector, number(0))

            def body(k: Any, mask: Any, carried: list[Any]) -> list[Any]:
                entries = code.load(at, k, mask)
                return [code.fused(code.load(p, k, mask), entries, s) for p, s in zip(rows, carried, strict=True)]

            sums = code.along(d, [ZEROS] * count, body)
            for first in range(0, count, 4):
                total = code.four_sums((sums[first : first + 4] + [ZEROS] * 3)[:4])
                end = code.pointer(y, result, builder.add(place, number(first)))
                if count < 4:
                    builder.store(builder.extract_element(total, ir.Constant(ir.IntType(32), 0)), end)
                else:
                    builder.store(total, builder.bitcast(end, total.type.as_pointer()), align=8)
            return context.get_dummy_value()

        check_layout(A, x, y)
        return types.void(A, types.intp, x, y, types.intp), generate

    return dots


def _sums_of(count: int) -> Any:
    def plain(A: np.ndarray, row: int, s: np.ndarray, place: int, y: np.ndarray) -> None:
        y += s[place : place + count] @ A[row : row + count, : len(y)]

    @instruction(plain)
    def sums(typing_context, A, row, s, place, y):
        def generate(context, builder, signature, arguments):
            matrix, row, weights, place, result = arguments
            code = Code(context, builder)
            width, d = code.size(A, matrix, 1), code.size(y, result, 0)
            rows = rows_of(code, A, matrix, row, width, count)
            at, first = code.pointer(y, result, number(0)), code.pointer(s, weights, place)
            factors = [code.all_of(builder.load(builder.gep(first, [number(r)]))) for r in range(count)]

            def body(k: Any, mask: Any, carried: list[Any]) -> list[Any]:
                total = code.load(at, k, mask)
                for p, factor in zip(rows, factors, strict=True):
                    total = code.fused(code.load(p, k, mask), factor, total)
                code.store(total, at, k, mask)
                return []

            code.along(d, [], body)
            return context.get_dummy_value()

        check_layout(A, s, y)
        return types.void(A, types.intp, s, types.intp, y), generate

    return sums


#: ``dots_of_8(A, row, x, y, place)`` writes ``A[row : row + 8, :d] @ x`` to ``y[place : place + 8]``.
dots_of_8, dots_of_1 = _dots_of(8), _dots_of(1)
#: ``sums_of_8(A, row, s, place, y)`` adds ``s[place : place + 8] @ A[row : row + 8, :d]`` to ``y`` of d entries.
sums_of_8, sums_of_1 = _sums_of(8), _sums_of(1)


#: How many rows of a matrix, and how many vectors, a product takes together; and how many a sum.
#: With more of them a machine of 16 registers of four floats would have to put sums down in between.
THREE, PAIR, FIVE = 3, 2, 5


def _plain_products(A: np.ndarray, row: int, X: np.ndarray, first: int, Y: np.ndarray) -> None:
    rows, own = slice(row, row + THREE), slice(first, first + PAIR)
    Y[own, rows] = X[own] @ A[rows].T


@instruction(_plain_products)
def products(typing_context, A, row, X, first, Y):
    """Write ``A[row : row + 3] @ X[i]`` to ``Y[i, row : row + 3]`` for two rows i of X, from ``first`` on."""

    def generate(context, builder, signature, arguments):
        matrix, row, points, first, result = arguments
        code = Code(context, builder)
        d = code.size(X, points, 1)
        rows = rows_of(code, A, matrix, row, code.size(A, matrix, 1), THREE)
        vectors = rows_of(code, X, points, first, d, PAIR)

        def body(k: Any, mask: Any, carried: list[Any]) -> list[Any]:
            entries = [code.load(pointer, k, mask) for pointer in rows]
            others = [code.load(pointer, k, mask) for pointer in vectors]
            pairs = [(a, x) for x in others for a in entries]
            return [code.fused(a, x, s) for (a, x), s in zip(pairs, carried, strict=True)]

        sums = code.along(d, [ZEROS] * (THREE * PAIR), body)
        for place, start in enumerate(rows_of(code, Y, result, first, code.size(Y, result, 1), PAIR)):
            totals = code.four_sums([*sums[THREE * place : THREE * (place + 1)], ZEROS])
            for r in range(THREE):
                one = builder.extract_element(totals, ir.Constant(ir.IntType(32), r))
                builder.store(one, builder.gep(start, [builder.add(row, number(r))]))
        return context.get_dummy_value()

    check_layout(A, X, Y)
    return types.void(A, types.intp, X, types.intp, Y), generate


def _sums_in(is_whole: bool) -> Any:
    def plain(A: np.ndarray, S: np.ndarray, first: int, Y: np.ndarray, column: int) -> None:
        own, columns = slice(first, first + FIVE), slice(column, column + WIDTH)
        Y[own, columns] += S[own, : len(A)] @ A[:, columns]

    @instruction(plain)
    def sums(typing_context, A, S, first, Y, column):
        def generate(context, builder, signature, arguments):
            matrix, factors, first, result, column = arguments
            code = Code(context, builder)
            count, d = code.size(A, matrix, 0), code.size(A, matrix, 1)
            weights = rows_of(code, S, factors, first, code.size(S, factors, 1), FIVE)
            results = rows_of(code, Y, result, first, d, FIVE)
            mask = None
            if not is_whole:
                mask = builder.icmp_signed("<", _PLACES, code.all_of(builder.sub(d, column)))

            def body(j: Any, carried: list[Any]) -> list[Any]:
                place = builder.add(builder.mul(j, d), column)
                entries = code.load(code.pointer(A, matrix, number(0)), place, mask)
                scales = [code.all_of(builder.load(builder.gep(pointer, [j]))) for pointer in weights]
                return [code.fused(entries, s, total) for s, total in zip(scales, carried, strict=True)]

            start = [code.load(pointer, column, mask) for pointer in results]
            totals = code.loop(number(0), count, 1, start, body)
            for total, pointer in zip(totals, results, strict=True):
                code.store(total, pointer, column, mask)
            return context.get_dummy_value()

        check_layout(A, S, Y)
        return types.void(A, S, types.intp, Y, types.intp), generate

    return sums


#: ``sums_in_8(A, S, first, Y, column)`` adds ``S[i, :m] @ A`` to Y[i], in 8 columns, for five rows i from ``first`` on,
#: with m the rows of A; ``sums_in_rest`` does so in the last columns, which are fewer.
sums_in_8, sums_in_rest = _sums_in(True), _sums_in(False)


# Coefficients 1/k! of exp on [-ln(2)/2, ln(2)/2], the highest first: the first term left out is below 5e-18.
_COEFFICIENTS = [1.0 / math.factorial(k) for k in range(13, -1, -1)]
_LOG2_E = 1.4426950408889634
# ln(2) in two parts; the first has 32 significant bits, so its product with a whole number below 2^11 is exact.
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
# Adding 1.5 * 2^52 rounds a float to the nearest whole number, which then stands in the low bits.
_ROUND = 6755399441055744.0
_RANGE = 700.0


def _power(code: Code, t: Any) -> Any:
    """Return e to the power t, to a few units in the last place; beyond 700 in size t is treated as 700."""
    builder, integers = code.builder, ir.VectorType(INT, WIDTH)
    # A comparison with NaN fails, so NaN is passed on.
    for name, bound in (("<", -_RANGE), (">", _RANGE)):
        t = builder.select(builder.fcmp_ordered(name, t, code.constant(bound)), code.constant(bound), t)
    shifted = code.fused(t, code.constant(_LOG2_E), code.constant(_ROUND))
    whole = builder.fsub(shifted, code.constant(_ROUND))
    r = code.fused(whole, code.constant(-_LN2_LOW), code.fused(whole, code.constant(-_LN2_HIGH), t))
    e = code.constant(_COEFFICIENTS[0])
    for coefficient in _COEFFICIENTS[1:]:
        e = code.fused(e, r, code.constant(coefficient))
    exponent = builder.add(builder.bitcast(shifted, integers), ir.Constant(integers, [1023] * WIDTH))
    scale = builder.shl(exponent, ir.Constant(integers, [52] * WIDTH))
    return builder.fmul(e, builder.bitcast(scale, VECTOR))


@instruction(lambda z, count: np.copyto(z[:count], np.exp(np.clip(z[:count], -_RANGE, _RANGE))))
def powers(typing_context, z, count):
    """Replace the first ``count`` entries of z by their exponentials."""

    def generate(context, builder, signature, arguments):
        array, count = arguments
        code = Code(context, builder)
        at = code.pointer(z, array, number(0))

        def body(k: Any, mask: Any, carried: list[Any]) -> list[Any]:
            code.store(_power(code, code.load(at, k, mask)), at, k, mask)
            return []

        code.along(count, [], body)
        return context.get_dummy_value()

    check_layout(z)
    return types.void(z, types.intp), generate


@instruction(lambda z, count, scale: np.copyto(z[:count], scale / (1.0 + np.exp(np.clip(z[:count], -_RANGE, _RANGE)))))
def sigmoids(typing_context, z, count, scale):
    """Replace the first ``count`` entries of z by ``scale / (1 + exp(z))``."""

    def generate(context, builder, signature, arguments):
        array, count, scale = arguments
        code = Code(context, builder)
        at, factor = code.pointer(z, array, number(0)), code.all_of(scale)

        def body(k: Any, mask: Any, carried: list[Any]) -> list[Any]:
            e = _power(code, code.load(at, k, mask))
            code.store(builder.fdiv(factor, builder.fadd(code.constant(1.0), e)), at, k, mask)
            return []

        code.along(count, [], body)
        return context.get_dummy_value()

    check_layout(z)
    return types.void(z, types.intp, types.float64), generate
