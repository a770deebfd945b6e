"""Changes of RandProx and RandProx-FL."""

from .change import Change, appended, costing

CHANGES = (
    Change(
        "randprox_forgets_g",
        "randprox",
        "ends",
        "oracles.prox(g, v, gamma, x, work_g)",
        "x[:] = v",
        "The prox of g is left out, which shows where g is not 0.",
        "composite",
    ),
    Change(
        "randprox_dual_step_in_the_prox_of_g",
        "randprox",
        "ends",
        "oracles.prox(g, v, gamma, x, work_g)",
        "oracles.prox(g, v, tau, x, work_g)",
        "The prox of g has the dual step size, which shows where g is not 0.",
        "composite",
    ),
    Change(
        "randprox_exchanges_g_and_h",
        "randprox",
        "ends",
        "g, h_star = composite.inner_term(kernel), composite.conjugate_term(kernel)",
        "g, h_star = composite.outer_term(kernel), composite.ConjugateKernel(composite.inner_term(kernel))",
        "The functions g and h of a Composite are exchanged.",
        "composite",
    ),
    Change(
        "randprox_prox_of_h",
        "randprox",
        "step",
        "oracles.prox(h_star, q, tau, r, work_h)",
        "oracles.prox(composite.outer_term(kernel), q, tau, r, work_h)",
        "In the dual step stands the prox of h and not that of its conjugate.",
        "composite",
    ),
    Change(
        "randprox_forgets_the_variance",
        "randprox",
        "ends",
        "                change[j] /= scale\n",
        "",
        "The dual step is not divided by 1 + ω, which shows under a compressor only.",
        "composite",
    ),
    Change(
        "randprox_three_rows",
        "randprox",
        "sizes",
        "                u[j] += change[j]\n",
        "                change[j] *= j < 3\n                u[j] += change[j]\n",
        "Dual variables beyond the third never move.",
        "composite",
    ),
    Change(
        "randprox_counts_a_tenth",
        "randprox",
        "cost",
        *costing("randprox", "floats_up=told.floats_up // 10, bits_up=told.bits_up // 10"),
        "A tenth of what is sent is counted.",
        "composite",
    ),
    Change(
        "randprox_hands_out_nothing",
        "randprox",
        "model",
        *appended("randprox", "\ndef model(state):\n    return 0.0 * state.x"),
        "The model that is handed out is 0.",
        "composite",
    ),
    Change(
        "randprox_fl_forgets_psi",
        "randprox_fl",
        "ends",
        "implements(local_steps.client_steps, Params)(sparse_proxskip_l1.proximal_steps)\n",
        "",
        "The local steps have no prox, which shows where ψ is not 0.",
    ),
    Change(
        "randprox_fl_forgets_a_variance",
        "randprox_fl",
        "step",
        "(params.gamma * scale**2)",
        "(params.gamma * scale)",
        "The control variates are divided by 1 + ω once.",
    ),
    Change(
        "randprox_fl_residual_of_the_last",
        "randprox_fl",
        "sizes",
        "    messages.average(X, scratch.mean)\n",
        "    messages.average(X[: len(X) - (len(X) > 4)], scratch.mean)\n",
        "With more than four clients the last is left out of the mean.",
    ),
    Change(
        "randprox_fl_hundredth_of_the_bits",
        "randprox_fl",
        "cost",
        *costing("randprox_fl", "bits_up=told.bits_up // 100, bits_down=told.bits_down // 100"),
        "A hundredth of the bits is counted.",
    ),
    Change(
        "randprox_fl_random_start",
        "randprox_fl",
        "start",
        *appended(
            "randprox_fl",
            """
def start(problem, params):
    import numpy as np

    from .parts import skipped_rounds

    state = skipped_rounds.start(problem, params)
    state.H[:] = np.random.default_rng(0).standard_normal(state.H.shape)
    return state""",
        ),
        "The control variates start at random, so that their sum is not 0.",
    ),
    Change(
        "randprox_fl_freezes_three_coordinates",
        "randprox_fl",
        "sizes",
        "H[i, j] -= sent[j] /",
        "H[i, j] -= (j < 3) * sent[j] /",
        "Beyond the third coordinate the control variates never move.",
    ),
)
