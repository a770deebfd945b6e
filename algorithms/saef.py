r"""SAEF: error feedback whose clients step ahead by their own error, which is averaged now and then.

The recursion of a period of p steps, from e_k = v_k = s = 0, with contractive compressors C at the clients k and C_s
at the server, stochastic gradients g_k and momentum β::

    e_k ← (1/n) Σ_j e_j
    p times:
        y_k = x - e_k
        v_k ← β v_k + g_k(y_k)
        D_k = C(e_k + η v_k),             e_k ← e_k + η v_k - D_k
        m   = C_s(s + (1/n) Σ_k D_k),     s   ← s + (1/n) Σ_k D_k - m
        x   ← x - m

The virtual model x̃ = x - (1/n) Σ_k e_k - s takes the steps of SGD, x̃⁺ = x̃ - η (1/n) Σ_k v_k, with gradients at
y_k = x̃ + (1/n) Σ_j e_j - e_k + s. With p = 1 and C_s the identity y_k is x̃: then x̃ walks the path of SGD, whatever C
is. A round is a period: p messages each way, and one average of the errors in full.

Source: Xu, Huo and Huang, "Step-Ahead Error Feedback for Distributed Training with Compressed Gradient" (2020); the
order of steps is that of the authors' code, with the average at a period's start and not before its last step.
"""

from typing import NamedTuple

from .parts import broadcast, error_feedback, letters, messages, njit

RANDOM = error_feedback.drawn("p")
SENDS = error_feedback.SENDS_OF_PERIODS
PROMISE = "saef"
GROUP = "remembered errors"
FAMILY = error_feedback


class Params(NamedTuple):
    """Step size η, period p of the averages, compressors C and C_s, momentum β, standard deviation σ of gradients."""

    eta: letters.LocalStepSize
    p: letters.Period
    C: letters.Compressor
    C_s: letters.Compressor
    beta: letters.Momentum
    sigma: letters.Deviation


@njit
def _steps(kernel, params, state, w, w_s, xi):
    x, E = state.x, state.E
    n, d = E.shape
    space = error_feedback.space(params, kernel, n, d)
    for t in range(w.shape[0]):
        if t % params.p == 0:
            # e_k ← (1/n) Σ_j e_j
            messages.average(E, space.mean)
            broadcast(space.mean, E)
        for k in range(n):
            for j in range(d):
                space.y[j] = x[j] - E[k, j]
            error_feedback.upload(params, kernel, k, state, w[t, k], xi[t, k], space)
        error_feedback.answer(params, state, w_s[t], space)


step, advance = error_feedback.exchanges(_steps)
