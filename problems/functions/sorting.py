"""Compiled order of entries by size, largest first, by a radix sort that needs two words of scratch an entry."""

import numpy as np

from ...core.compiled import njit

# A key is one word: some bits of a size above an index of 31 bits. The upper 33 bits of a size order almost everything,
# the lower 30 what is left.
_INDEX_BITS, _LOWER_BITS = 31, 30
_INDEX, _LOWER, _UPPER = (1 << 31) - 1, (1 << 30) - 1, (1 << 33) - 1
_DIGIT_BITS, _DIGITS = 11, 3
_BINS = 1 << _DIGIT_BITS
_SHORT = 24
#: How many more words of scratch the sorts need to count.
COUNTS = _DIGITS * _BINS


@njit
def sort_by_size(v, order, scratch, sizes, counts):
    """Write the indices of v by falling absolute value to ``order``, and these absolute values to ``sizes``.

    Parameters
    ----------
    v : ndarray, shape (d,)
        The entries, without NaN; d is below 2^31.
    order, scratch : ndarray of int64, shape (d,)
        The result and an array to overwrite.
    sizes : ndarray of float64, shape (d,)
        The second result.
    counts : ndarray of int64, shape (COUNTS,)
        An array to overwrite.
    """
    d = v.shape[0]
    bits = sizes.view(np.int64)
    for j in range(d):
        sizes[j], order[j] = abs(v[j]), j
    if d <= _SHORT:
        _sort_run(v, order, scratch, sizes, counts)
        return
    for j in range(d):
        # The bits of a nonnegative float are ordered as it is; their complement puts the largest first.
        scratch[j] = (~bits[j] >> _LOWER_BITS & _UPPER) << _INDEX_BITS | j
    _radix_sort(scratch, order, counts)
    for k in range(d):
        sizes[k] = abs(v[order[k] & _INDEX])
    start = 0
    for k in range(1, d + 1):
        if k == d or order[k] >> _INDEX_BITS != order[start] >> _INDEX_BITS:
            if k - start > 1:
                _sort_run(v, order[start:k], scratch[start:k], sizes[start:k], counts)
            start = k
    for k in range(d):
        order[k] &= _INDEX


@njit
def _radix_sort(source, target, counts):
    """Sort keys by their upper 33 bits, stably, to ``target``; ``source`` is overwritten."""
    counts[:] = 0
    for key in source:
        for digit in range(_DIGITS):
            counts[digit * _BINS + (key >> _INDEX_BITS + _DIGIT_BITS * digit & _BINS - 1)] += 1
    # The number of digits is odd, so the last one is written to the target.
    for digit in range(_DIGITS):
        shift, position = _INDEX_BITS + _DIGIT_BITS * digit, 0
        places = counts[digit * _BINS : (digit + 1) * _BINS]
        for b in range(_BINS):
            places[b], position = position, position + places[b]
        for key in source:
            b = key >> shift & _BINS - 1
            target[places[b]] = key
            places[b] += 1
        source, target = target, source


@njit
def _sort_run(v, order, scratch, sizes, counts):
    """Sort a run of keys whose upper bits agree by the rest of their sizes."""
    length = sizes.shape[0]
    if length <= _SHORT:
        for j in range(1, length):
            size, key, k = sizes[j], order[j], j
            while k > 0 and sizes[k - 1] < size:
                sizes[k], order[k] = sizes[k - 1], order[k - 1]
                k -= 1
            sizes[k], order[k] = size, key
        return
    is_sorted = True
    for j in range(1, length):
        is_sorted &= sizes[j - 1] >= sizes[j]
    if not is_sorted:
        bits = sizes.view(np.int64)
        for j in range(length):
            scratch[j] = (~bits[j] & _LOWER) << _INDEX_BITS | order[j] & _INDEX
        _radix_sort(scratch, order, counts)
        for j in range(length):
            sizes[j] = abs(v[order[j] & _INDEX])


@njit
def smallest_kept(v, k, scratch, counts):
    """Return the k-th largest absolute value of v, and how many entries of just that size are among the k largest.

    Parameters
    ----------
    v, scratch : ndarray of float64, shape (d,)
        The entries, without NaN, and an array to overwrite; never the same one.
    k : int
        From 1 to d.
    counts : ndarray of int64
        At least COUNTS words to overwrite.
    """
    counts = counts[:_BINS]
    bits = scratch.view(np.int64)
    left, shift, mask = v.shape[0], 52, _BINS - 1
    for j in range(left):
        scratch[j] = abs(v[j])
    # Digit by digit from the top, the entries that agree with the k-th largest so far.
    while True:
        counts[:] = 0
        for j in range(left):
            counts[bits[j] >> shift & mask] += 1
        digit = mask
        while counts[digit] < k:
            k -= counts[digit]
            digit -= 1
        kept = 0
        for j in range(left):
            entry = bits[j]
            bits[kept] = entry
            kept += entry >> shift & mask == digit
        left = kept
        if left == 1 or shift == 0:
            return scratch[0], k
        if shift < _DIGIT_BITS:
            mask = (1 << shift) - 1
        shift = max(shift - _DIGIT_BITS, 0)
