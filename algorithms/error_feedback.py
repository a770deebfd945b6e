r"""Error feedback: SGD with compressed messages, whose errors are remembered and sent later.

The recursion, from e_k = v_k = s = 0, with contractive compressors C at the clients k and C_s at the server, stochastic
gradients g_k and momentum β::

    y_k = x - α e_k
    v_k ← β v_k + g_k(y_k)
    D_k = C(e_k + η v_k),             e_k ← e_k + η v_k - D_k
    m   = C_s(s + (1/n) Σ_k D_k),     s   ← s + (1/n) Σ_k D_k - m
    x   ← x - m

With α = 0 it is error feedback, with α = 1 each client steps ahead by its own error, as in SAEF without averages, and
in between it does so partially, as in SA-PEF with one local step. Without compression it is SGD, whatever α is.

Source: Karimireddy, Rebjock, Stich and Jaggi, "Error Feedback Fixes SignSGD and other Gradient Compression Schemes"
(2019), for many clients and with momentum as Xu, Huo and Huang (2020) compare with it; α is that of "SA-PEF" (2026).
"""

from typing import NamedTuple

from .parts import error_feedback, letters, njit

RANDOM = error_feedback.drawn()
SENDS = error_feedback.SENDS
PROMISE = "error_feedback"
GROUP = "remembered errors"
FAMILY = error_feedback


class Params(NamedTuple):
    """Step size η, share α of a step ahead, compressors C and C_s, momentum β, standard deviation σ of gradients."""

    eta: letters.LocalStepSize
    alpha: letters.Share
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
        for k in range(n):
            for j in range(d):
                space.y[j] = x[j] - params.alpha * E[k, j]
            error_feedback.upload(params, kernel, k, state, w[t, k], xi[t, k], space)
        error_feedback.answer(params, state, w_s[t], space)


step, advance = error_feedback.exchanges(_steps)
