"""Explicit vector instructions for compiled code: what LLVM does not find by itself, or finds in another order each time.

LLVM makes of eight floats side by side what the machine has: a register of AVX-512, two of AVX2, four of 64-bit Arm.
Every sum has one fixed order. A dot product is eight sums s0 to s7, of the entries whose places are 0 to 7 modulo 8,
each from left to right, and then ((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7)). A sum of rows is taken row after
row. Products are fused into the sums wherever the machine can do that. So no bit depends on how many rows are taken
together.
"""

import math
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.errors import TypingError
from numba.extending import intrinsic

#: How many floats are taken side by side.
WIDTH = 8

_DOUBLE, _INT, _BIT = ir.DoubleType(), ir.IntType(64), ir.IntType(1)
_VECTOR, _MASK = ir.VectorType(_DOUBLE, WIDTH), ir.VectorType(_BIT, WIDTH)
_PLACES = ir.Constant(ir.VectorType(_INT, WIDTH), list(range(WIDTH)))
_ZEROS = ir.Constant(_VECTOR, [0.0] * WIDTH)


def _number(value: int) -> ir.Constant:
    return ir.Constant(_INT, value)


def _shuffled(builder: Any, a: Any, b: Any, places: list[int]) -> Any:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(places)), places))


class _Code:
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
        return ir.Constant(_VECTOR, [value] * WIDTH)

    def pointer(self, kind: Any, array: Any, offset: Any) -> Any:
        """Return the address of an entry of an array that is stored row by row."""
        return self.builder.gep(self.context.make_array(kind)(self.context, self.builder, array).data, [offset])

    def _called(self, name: str, result: Any, arguments: list[Any]) -> Any:
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        module = self.builder.module
        function = module.globals.get(name) or ir.Function(module, kind, name)
        return self.builder.call(function, arguments)

    def fused(self, a: Any, b: Any, c: Any) -> Any:
        """Return ab + c, of vectors."""
        return self._called("llvm.fmuladd.v8f64", _VECTOR, [a, b, c])

    def load(self, pointer: Any, place: Any, mask: Any = None) -> Any:
        """Return eight entries; zeros where the mask is off, and what would stand there is not touched."""
        address = self.builder.bitcast(self.builder.gep(pointer, [place]), _VECTOR.as_pointer())
        if mask is None:
            return self.builder.load(address, align=8)
        arguments = [address, ir.Constant(ir.IntType(32), 8), mask, _ZEROS]
        return self._called("llvm.masked.load.v8f64.p0v8f64", _VECTOR, arguments)

    def store(self, value: Any, pointer: Any, place: Any, mask: Any = None) -> None:
        address = self.builder.bitcast(self.builder.gep(pointer, [place]), _VECTOR.as_pointer())
        if mask is None:
            self.builder.store(value, address, align=8)
        else:
            arguments = [value, address, ir.Constant(ir.IntType(32), 8), mask]
            self._called("llvm.masked.store.v8f64.p0v8f64", ir.VoidType(), arguments)

    def along(self, count: Any, start: list[Any], body: Any) -> list[Any]:
        """Go along ``count`` floats, eight at a time and the rest under a mask; carry the vectors of ``start`` on.

        ``body(place, mask, carried)`` returns what is carried on.
        """
        builder = self.builder
        whole = builder.and_(count, _number(-WIDTH))
        before = builder.basic_block
        loop, after = builder.append_basic_block("whole"), builder.append_basic_block("rest")
        builder.cbranch(builder.icmp_signed(">", whole, _number(0)), loop, after)
        builder.position_at_end(loop)
        place = builder.phi(_INT)
        carried = [builder.phi(value.type) for value in start]
        new = body(place, None, carried)
        further = builder.add(place, _number(WIDTH))
        place.add_incoming(_number(0), before)
        place.add_incoming(further, builder.basic_block)
        for phi, first, later in zip(carried, start, new, strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(later, builder.basic_block)
        end_of_loop = builder.basic_block
        builder.cbranch(builder.icmp_signed("<", further, whole), loop, after)
        builder.position_at_end(after)
        totals = [builder.phi(value.type) for value in start]
        for phi, first, later in zip(totals, start, new, strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(later, end_of_loop)
        left = builder.sub(count, whole)
        rest, done = builder.append_basic_block("tail"), builder.append_basic_block("done")
        builder.cbranch(builder.icmp_signed(">", left, _number(0)), rest, done)
        builder.position_at_end(rest)
        mask = builder.icmp_signed("<", _PLACES, self.all_of(left))
        last = body(whole, mask, totals)
        end_of_rest = builder.basic_block
        builder.branch(done)
        builder.position_at_end(done)
        results = [builder.phi(value.type) for value in start]
        for phi, total, final in zip(results, totals, last, strict=True):
            phi.add_incoming(total, after)
            phi.add_incoming(final, end_of_rest)
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
        return builder.fadd(_shuffled(builder, *pairs, [0, 1, 4, 5]), _shuffled(builder, *pairs, [2, 3, 6, 7]))


def _rows(code: _Code, kind: Any, A: Any, row: Any, width: Any, count: int) -> list[Any]:
    first = code.builder.mul(row, width)
    offsets = [code.builder.add(first, code.builder.mul(_number(r), width)) for r in range(count)]
    return [code.pointer(kind, A, offset) for offset in offsets]


def _sizes(code: _Code, kind: Any, array: Any) -> Any:
    return code.context.make_array(kind)(code.context, code.builder, array).shape


def _check_layout(*arrays: Any) -> None:
    """Refuse arrays that are not stored row by row, which the addresses here assume."""
    for array in arrays:
        if not isinstance(array, types.Array) or array.layout != "C" or array.dtype != types.float64:
            raise TypingError(f"vector instructions take arrays of floats that are stored row by row, no {array}")


def _dots_of(count: int) -> Any:
    @intrinsic
    def dots(typing_context, A, row, x, y, place):
        def generate(context, builder, signature, arguments):
            matrix, row, vector, result, place = arguments
            code = _Code(context, builder)
            width, d = (
                builder.extract_value(_sizes(code, *pair), axis) for *pair, axis in ((A, matrix, 1), (x, vector, 0))
            )
            rows = _rows(code, A, matrix, row, width, count)
            at = code.pointer(x, vector, _number(0))

            def body(k: Any, mask: Any, carried: list[Any]) -> list[Any]:
                entries = code.load(at, k, mask)
                return [code.fused(code.load(p, k, mask), entries, s) for p, s in zip(rows, carried, strict=True)]

            sums = code.along(d, [_ZEROS] * count, body)
            for first in range(0, count, 4):
                total = code.four_sums((sums[first : first + 4] + [_ZEROS] * 3)[:4])
                end = code.pointer(y, result, builder.add(place, _number(first)))
                if count < 4:
                    builder.store(builder.extract_element(total, ir.Constant(ir.IntType(32), 0)), end)
                else:
                    builder.store(total, builder.bitcast(end, total.type.as_pointer()), align=8)
            return context.get_dummy_value()

        _check_layout(A, x, y)
        return types.void(A, types.intp, x, y, types.intp), generate

    return dots


def _sums_of(count: int) -> Any:
    @intrinsic
    def sums(typing_context, A, row, s, place, y):
        def generate(context, builder, signature, arguments):
            matrix, row, weights, place, result = arguments
            code = _Code(context, builder)
            width, d = (
                builder.extract_value(_sizes(code, *pair), axis) for *pair, axis in ((A, matrix, 1), (y, result, 0))
            )
            rows = _rows(code, A, matrix, row, width, count)
            at, first = code.pointer(y, result, _number(0)), code.pointer(s, weights, place)
            factors = [code.all_of(builder.load(builder.gep(first, [_number(r)]))) for r in range(count)]

            def body(k: Any, mask: Any, carried: list[Any]) -> list[Any]:
                total = code.load(at, k, mask)
                for p, factor in zip(rows, factors, strict=True):
                    total = code.fused(code.load(p, k, mask), factor, total)
                code.store(total, at, k, mask)
                return []

            code.along(d, [], body)
            return context.get_dummy_value()

        _check_layout(A, s, y)
        return types.void(A, types.intp, s, types.intp, y), generate

    return sums


#: ``dots_of_8(A, row, x, y, place)`` writes ``A[row : row + 8, :d] @ x`` to ``y[place : place + 8]``; ``x`` has d entries.
dots_of_8, dots_of_1 = _dots_of(8), _dots_of(1)
#: ``sums_of_8(A, row, s, place, y)`` adds ``s[place : place + 8] @ A[row : row + 8, :d]`` to ``y`` of d entries.
sums_of_8, sums_of_1 = _sums_of(8), _sums_of(1)


# Coefficients 1/k! of exp on [-ln(2)/2, ln(2)/2], the highest first: the first term left out is below 5e-18.
_COEFFICIENTS = [1.0 / math.factorial(k) for k in range(13, -1, -1)]
_LOG2_E = 1.4426950408889634
# ln(2) in two parts; the first has 32 significant bits, so its product with a whole number below 2^11 is exact.
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
# Adding 1.5 * 2^52 rounds a float to the nearest whole number, which then stands in the low bits.
_ROUND = 6755399441055744.0
_RANGE = 700.0


def _power(code: _Code, t: Any) -> Any:
    """Return e to the power t, to a few units in the last place; beyond 700 in size t is treated as 700."""
    builder, integers = code.builder, ir.VectorType(_INT, WIDTH)
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
    return builder.fmul(e, builder.bitcast(scale, _VECTOR))


@intrinsic
def powers(typing_context, z, count):
    """Replace the first ``count`` entries of z by their exponentials."""

    def generate(context, builder, signature, arguments):
        array, count = arguments
        code = _Code(context, builder)
        at = code.pointer(z, array, _number(0))

        def body(k: Any, mask: Any, carried: list[Any]) -> list[Any]:
            code.store(_power(code, code.load(at, k, mask)), at, k, mask)
            return []

        code.along(count, [], body)
        return context.get_dummy_value()

    _check_layout(z)
    return types.void(z, types.intp), generate


@intrinsic
def sigmoids(typing_context, z, count, scale):
    """Replace the first ``count`` entries of z by ``scale / (1 + exp(z))``."""

    def generate(context, builder, signature, arguments):
        array, count, scale = arguments
        code = _Code(context, builder)
        at, factor = code.pointer(z, array, _number(0)), code.all_of(scale)

        def body(k: Any, mask: Any, carried: list[Any]) -> list[Any]:
            e = _power(code, code.load(at, k, mask))
            code.store(builder.fdiv(factor, builder.fadd(code.constant(1.0), e)), at, k, mask)
            return []

        code.along(count, [], body)
        return context.get_dummy_value()

    _check_layout(z)
    return types.void(z, types.intp, types.float64), generate
