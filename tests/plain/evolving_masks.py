"""Sparse models that clients train for themselves and average with those whom they hear."""

import math

import numpy as np

from rootkappa.algorithms.parts import evolving_masks

from .minibatches import minibatch_gradients

_GOLDEN, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def number(word, place):
    """Return the number at a place of a word's stream of SplitMix64, in [0, 1)."""
    z = (word + (place + 1) * _GOLDEN) % 2**64
    z = (z ^ z >> 30) * _FIRST % 2**64
    z = (z ^ z >> 27) * _SECOND % 2**64
    return ((z ^ z >> 31) >> 11) / 2**53


def places(word, free, q):
    """Return q of the free places: one after the other is taken with the share of those still missing."""
    chosen = set()
    for passed, j in enumerate(free):
        if number(word, j) * (len(free) - passed) < q - len(chosen):
            chosen.add(j)
    return chosen


class DisPFL:
    """Dai et al. (2022): the first masks are drawn as the shipped one's, everything else is computed here."""

    LIKE = "dispfl"
    PERSONAL = True

    def start(self, problem, params):
        n, d = problem.n, problem.inner.d
        mask = evolving_masks.drawn(problem, params)
        return np.zeros((n, d)), np.zeros((n, d)), mask, mask.copy(), np.zeros(1)

    def step(self, problem, params, state, outcome):
        w, _, masks, trained, (t,) = state
        counted = {"trained": trained, "new": masks}[params.counted]
        hears = outcome["hears"].reshape(problem.n, problem.n) + np.eye(problem.n)
        counts = hears @ counted
        z = masks * np.divide(hears @ (counted * w), counts, out=np.zeros(w.shape), where=counts > 0)
        y = z
        for words in outcome["xi"]:
            y = masks * (y - params.eta * params.decay**t * minibatch_gradients(problem.inner, params.b, words, y))
        share = params.alpha / 2 * (1 + math.cos(math.pi * min(t / params.T, 1)))
        slopes = minibatch_gradients(problem.inner, params.b, outcome["at_w"], y)
        moved = [
            self.moved(params, set(np.flatnonzero(mask)), np.abs(own), np.abs(slope), share, int(word))
            for mask, own, slope, word in zip(masks, y, slopes, outcome["zeta"], strict=True)
        ]
        new = np.array([[float(j in kept) for j in range(w.shape[1])] for kept in moved])
        return y, z, new, masks, np.array([t + 1])

    def moved(self, params, kept, sizes, slopes, share, word):
        q = math.ceil(share * len(kept))
        kept = kept - set(sorted(sorted(kept), key=lambda j: sizes[j])[:q])
        free = [j for j in range(len(sizes)) if j not in kept]
        if params.regrow == "gradient":
            return kept | set(sorted(free, key=lambda j: -slopes[j])[:q])
        return kept | places(word, free, q)

    def model(self, state):
        return state[0].ravel()
