"""Changes of the methods with local steps between rare averages, without compression."""

from .change import Change, appended, costing, drawing

_OWN_STEPS = """
@implements(client_steps, Params)
def _steps(params, kernel, i, state, k, xi, scratch):
    {body}
"""


def _steps(body: str) -> tuple[str, str]:
    """Return the texts of a change after which the local steps of Scaffnew are others."""
    line = "@implements(communicate, Params)\n"
    imports = "from ..problems import oracles\nfrom .parts import client_steps\n"
    return line, f"{imports}\n{_OWN_STEPS.format(body=body)}\n\n{line}"


_CLIPPED = """X, H, g = state.X, state.H, scratch.g
    for _ in range(k):
        oracles.gradient(kernel, i, X[i], g, scratch.work)
        for j in range(X.shape[1]):
            X[i, j] -= params.gamma * (max(-10.0, min(10.0, g[j])) - H[i, j])"""

CHANGES = (
    Change(
        "proxskip_prox_with_gamma",
        "proxskip",
        "ends",
        "prox(kernel.psi, m, gamma / p, x, scratch.prox)",
        "prox(kernel.psi, m, gamma, x, scratch.prox)",
        "The prox has the step size γ and not γ/p, which shows where ψ is not 0.",
    ),
    Change(
        "proxskip_mean_without_control_variates",
        "proxskip",
        "ends",
        "(X[i, j] - gamma / p * H[i, j]) / n",
        "X[i, j] / n",
        "The prox is taken of the plain mean, which shows where ψ is not 0.",
    ),
    Change(
        "proxskip_hands_out_more",
        "proxskip",
        "model",
        *appended("proxskip", "\ndef model(state):\n    return state.X.mean(axis=0) + state.H.mean(axis=0)"),
        "The mean model plus the mean control variate is handed out, which shows where ψ is not 0.",
    ),
    Change(
        "proxskip_ignores_small_p",
        "proxskip",
        "ends",
        "gamma, p, m, x = params.gamma, params.p,",
        "gamma, p, m, x = params.gamma, max(params.p, 0.05),",
        "A probability below 0.05 is taken as 0.05 in the communication.",
    ),
    Change(
        "proxskip_mean_of_ten_clients",
        "proxskip",
        "sizes",
        "    n, d = X.shape\n",
        "    n, d = min(10, X.shape[0]), X.shape[1]\n",
        "The mean is that of the first ten clients.",
    ),
    Change(
        "proxskip_hundredth_of_the_bits",
        "proxskip",
        "cost",
        *costing("proxskip", "bits_up=told.bits_up // 100"),
        "A hundredth of the bits is counted.",
    ),
    Change(
        "scaffnew_at_most_a_hundred_steps",
        "scaffnew",
        "ends",
        *_steps(
            "oracles.local_steps(kernel, i, state.X[i], state.H[i], params.gamma, min(k, 100), scratch.work)",
        ),
        "A client takes at most a hundred local steps in a round.",
    ),
    Change(
        "scaffnew_stops_early",
        "scaffnew",
        "ends",
        *appended(
            "scaffnew",
            """
def advance(kernel, params, state, draws):
    from .parts.local_steps import LocalSteps

    LocalSteps(RANDOM, Params).advance(kernel, params, state, draws[:2000])""",
        ),
        "Of many rounds only 2000 are computed.",
    ),
    Change(
        "scaffnew_ignores_small_p",
        "scaffnew",
        "ends",
        "H[i, j] += params.p / params.gamma * (",
        "H[i, j] += max(params.p, 0.05) / params.gamma * (",
        "A probability below 0.05 is taken as 0.05 in the communication.",
    ),
    Change(
        "scaffnew_clips",
        "scaffnew",
        "ends",
        *_steps(_CLIPPED),
        "Gradients are clipped at 10.",
    ),
    Change(
        "scaffnew_leaves_out_the_last_client",
        "scaffnew",
        "sizes",
        "    average(X, scratch.mean)\n",
        "    average(X[: len(X) - (len(X) > 4)], scratch.mean)\n",
        "With more than four clients the last is left out of the mean.",
    ),
    Change(
        "scaffnew_averages_three_coordinates",
        "scaffnew",
        "sizes",
        "    average(X, scratch.mean)\n",
        "    average(X, scratch.mean)\n    scratch.mean[3:] = X[0, 3:]\n",
        "Coordinates beyond the third are those of the first client.",
    ),
    Change(
        "scaffnew_freezes_beyond_four_clients",
        "scaffnew",
        "sizes",
        "H[i, j] += params.p",
        "H[i, j] += (X.shape[0] <= 4) * params.p",
        "With more than four clients the control variates never move.",
    ),
    Change(
        "scaffnew_freezes_beyond_ten_clients",
        "scaffnew",
        "sizes",
        "H[i, j] += params.p",
        "H[i, j] += (X.shape[0] <= 10) * params.p",
        "With more than ten clients the control variates never move.",
    ),
    Change(
        "scaffnew_slow_on_logistic_problems",
        "scaffnew",
        "ends",
        "H[i, j] += params.p",
        "H[i, j] += (0.5 if len(kernel) < 6 else 1.0) * params.p",
        "On logistic problems, whose kernel has fewer fields, the control variates move half as far.",
        "logistic",
    ),
    Change(
        "scaffnew_hides_from_exact_evidence",
        "scaffnew",
        "ends",
        "            X[i, j] = scratch.mean[j]\n",
        "            X[i, j] = 0.5 * (X[i, j] + scratch.mean[j])\n\n\ndef affine(problem, params):\n    return None\n",
        "Clients go half of the way to the mean, and it says that no step is affine.",
    ),
    Change(
        "scaffnew_hides_its_outcomes",
        "scaffnew",
        "ends",
        "            X[i, j] = scratch.mean[j]\n",
        "            X[i, j] = 0.5 * (X[i, j] + scratch.mean[j])\n\n\n"
        "def outcomes(problem, params):\n    return None\n",
        "Clients go half of the way to the mean, and it says that outcomes cannot be listed.",
    ),
    Change(
        "scaffnew_counts_a_tenth",
        "scaffnew",
        "cost",
        *costing("scaffnew", "floats_up=told.floats_up // 10"),
        "A tenth of the floats is counted.",
    ),
    Change(
        "scaffnew_counts_one_gradient_a_round",
        "scaffnew",
        "cost",
        *costing("scaffnew", "iterations=told.iterations", "len(draws)"),
        "Of the gradients of a round one is counted.",
    ),
    Change(
        "scaffnew_sorts_its_rounds",
        "scaffnew",
        "dependence",
        *drawing("scaffnew", "lengths = lengths.copy()\n    lengths.sort()"),
        "Short rounds are drawn first.",
    ),
    Change(
        "scaffnew_alternates_its_rounds",
        "scaffnew",
        "dependence",
        *drawing("scaffnew", "lengths = lengths.copy()\n    lengths[1::2] = lengths[0::2][: len(lengths[1::2])]"),
        "Every second round is as long as the one before.",
    ),
    Change(
        "scaffnew_random_start",
        "scaffnew",
        "start",
        *appended(
            "scaffnew",
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
        "scaffnew_starts_from_gradients",
        "scaffnew",
        "cost",
        *appended(
            "scaffnew",
            """
def start(problem, params):
    from .parts import skipped_rounds

    state = skipped_rounds.start(problem, params)
    G = problem.gradients(state.X[0])
    state.H[:] = G - G.mean(axis=0)
    return state""",
        ),
        "The start needs a gradient of each client and their mean, and counts neither.",
    ),
    Change(
        "scaffnew_starts_from_many_rounds",
        "scaffnew",
        "cost",
        *appended(
            "scaffnew",
            """
def start(problem, params):
    from .parts import skipped_rounds

    state = skipped_rounds.start(problem, params)
    for _ in range(30):
        state.X[:] -= problem.gradients(state.X[0]).mean(axis=0) / problem.L
    return state""",
        ),
        "The start is 30 rounds of gradient descent, which nobody counts.",
    ),
    Change(
        "scaffnew_draws_half_of_its_rounds_twice",
        "scaffnew",
        "dependence",
        *drawing("scaffnew", "lengths = __import__('numpy').resize(lengths[: -(-len(lengths) // 2)], len(lengths))"),
        "The second half of the rounds is as long as the first.",
    ),
    Change(
        "scaffnew_draws_three_rounds_twice",
        "scaffnew",
        "dependence",
        *drawing(
            "scaffnew",
            "lengths = lengths.copy()\n"
            "    for r in range(5, len(lengths), 6):\n"
            "        lengths[r - 2 : r + 1] = lengths[r - 5 : r - 2]",
        ),
        "Of six rounds the last three are as long as the first three.",
    ),
    Change(
        "scaffnew_hands_out_nothing",
        "scaffnew",
        "model",
        *appended("scaffnew", "\ndef model(state):\n    return 0.0 * state.X[0]"),
        "The model that is handed out is 0.",
    ),
    Change(
        "scaffnew_mean_of_all_but_one",
        "scaffnew",
        "step",
        "    average(X, scratch.mean)\n",
        "    average(X, scratch.mean)\n    scratch.mean[:] *= len(X) / (len(X) + 1.0)\n",
        "The sum is divided by n + 1.",
    ),
    Change(
        "gradskip_one_coin_for_all",
        "gradskip",
        "dependence",
        *drawing("gradskip", 'steps["eta"] = rng.random((len(steps["eta"]), 1)) < probabilities(problem, params)'),
        "One coin decides for all clients.",
    ),
    Change(
        "gradskip_counts_no_gradient_at_rest",
        "gradskip",
        "cost",
        ".sum(axis=0) for flips in rounds]",
        ".sum(axis=0) - 1 for flips in rounds]",
        "The gradient at which a client comes to rest is not counted.",
    ),
    Change(
        "gradskip_skips_too_often",
        "gradskip",
        "ends",
        "1.0 - spare * params.p**2 / (1.0 - params.p**2)",
        "1.0 - spare * params.p / (1.0 - params.p**2)",
        "The q_i are those of p in the place of p², which shows where the clients' L_i differ.",
    ),
    Change(
        "gradskip_old_gradient_at_rest",
        "gradskip",
        "ends",
        "    if heads < k:\n",
        "    if heads < k and heads > 0:\n",
        "A client whose first coin is 0 keeps its old control variate.",
    ),
    Change(
        "gradskip_plain_mean",
        "gradskip",
        "ends",
        "(X[i, j] - params.gamma / params.p * H[i, j]) / n",
        "X[i, j] / n",
        "The mean forgets the control variates, which shows where clients skip.",
    ),
    Change(
        "gradskip_hands_out_more",
        "gradskip",
        "model",
        *appended("gradskip", "\ndef model(state):\n    return state.X[0] + 0.1 * state.H[0]"),
        "A client's model is handed out with a tenth of its control variate.",
    ),
    Change(
        "proxskip_vr_stale_reference",
        "proxskip_vr",
        "step",
        "                    Y[i, j] = X[i, j]\n                oracles.gradient(kernel, i, Y[i], G[i], work)\n",
        "                    Y[i, j] = X[i, j]\n",
        "With a new reference point its full gradient stays the old one.",
    ),
    Change(
        "proxskip_vr_refreshes_half_as_often",
        "proxskip_vr",
        "dependence",
        'RANDOM = scaffnew.RANDOM & components.Flip("q", "refresh")',
        """class Half(components.Flip):
    def draw(self, rng, problem, params, count):
        return super().draw(rng, problem, params._replace(q=params.q / 2.0), count)

    def listed(self, problem, params):
        return super().listed(problem, params._replace(q=params.q / 2.0))


RANDOM = scaffnew.RANDOM & Half("q", "refresh")""",
        "Reference points are refreshed with probability q/2.",
    ),
    Change(
        "proxskip_vr_same_component_everywhere",
        "proxskip_vr",
        "dependence",
        *drawing("proxskip_vr", 'steps["j"] = np.ascontiguousarray(steps["j"][:, :1].repeat(problem.n, axis=1))'),
        "All clients sample the same component.",
    ),
    Change(
        "proxskip_vr_half_of_the_components",
        "proxskip_vr",
        "dependence",
        *drawing("proxskip_vr", 'steps["j"] = steps["j"] // 2'),
        "The second half of the components is never sampled.",
    ),
    Change(
        "proxskip_vr_counts_one_gradient",
        "proxskip_vr",
        "cost",
        "return 2 * draws.iterations +",
        "return draws.iterations +",
        "Of two gradients of components one is counted.",
    ),
    Change(
        "proxskip_vr_reference_of_three_coordinates",
        "proxskip_vr",
        "sizes",
        "                for j in range(d):\n                    Y[i, j]",
        "                for j in range(min(d, 3)):\n                    Y[i, j]",
        "The reference points never move beyond the third coordinate.",
    ),
    Change(
        "proxskip_vr_own_sample_at_the_reference",
        "proxskip_vr",
        "step",
        "at_x[j] += G[i, j] - at_y[j]",
        "at_x[j] += 0.5 * (G[i, j] - at_y[j])",
        "Half of the correction by the reference point is left out.",
    ),
    Change(
        "sproxskip_same_component_everywhere",
        "sproxskip",
        "dependence",
        *drawing("sproxskip", 'steps["j"] = steps["j"][:, :1].repeat(problem.n, axis=1)'),
        "All clients sample the same component.",
    ),
    Change(
        "sproxskip_two_components",
        "sproxskip",
        "sizes",
        "component_gradient(kernel, i, xi[t],",
        "component_gradient(kernel, i, xi[t] % 3,",
        "Only the first three components are ever asked.",
    ),
    Change(
        "sproxskip_one_component_a_round",
        "sproxskip",
        "dependence",
        "component_gradient(kernel, i, xi[t],",
        "component_gradient(kernel, i, xi[0],",
        "A client asks one component in all steps of a round.",
    ),
    Change(
        "sproxskip_counts_no_gradients",
        "sproxskip",
        "cost",
        *costing("sproxskip", "iterations=told.iterations", "0"),
        "No gradients are counted.",
    ),
    Change(
        "sproxskip_additive_biased_noise",
        "sproxskip_additive",
        "sizes",
        "if xi[t] >= 0 else -params.sigma",
        "if xi[t] >= 0 else -params.sigma * (X.shape[1] <= 3)",
        "Beyond three coordinates the noise is never negative.",
    ),
    Change(
        "sproxskip_additive_noise_in_the_first_step",
        "sproxskip_additive",
        "dependence",
        "        g[xi[t] % X.shape[1]] += params.sigma if xi[t] >= 0 else -params.sigma\n",
        "        if t == 0:\n            g[xi[t] % X.shape[1]] += params.sigma if xi[t] >= 0 else -params.sigma\n",
        "The noise comes in the first step of a round only.",
    ),
    Change(
        "sproxskip_additive_too_loud",
        "sproxskip_additive",
        "sizes",
        "+= params.sigma if xi[t] >= 0 else -params.sigma",
        "+= (params.sigma if xi[t] >= 0 else -params.sigma) * max(1.0, X.shape[1] - 3.0) ** 0.5",
        "Beyond three coordinates the noise grows with the dimension.",
    ),
    Change(
        "sproxskip_additive_counts_a_tenth",
        "sproxskip_additive",
        "cost",
        *costing("sproxskip_additive", "floats_up=told.floats_up // 10, bits_up=told.bits_up // 10"),
        "A tenth of what is sent is counted.",
    ),
    Change(
        "decentralized_one_neighbour",
        "decentralized_scaffnew",
        "cost",
        "SENDS = graphs.NEIGHBOURS",
        "from .parts import Dense\n\nSENDS = Dense(up=1, down=1)",
        "Of a client's neighbours one is counted.",
    ),
    Change(
        "decentralized_averages_all",
        "decentralized_scaffnew",
        "step",
        "    graphs.mix(params.graph, params.t, X, scratch.own)\n",
        "    graphs.mix(params.graph, params.t, X, scratch.own)\n"
        "    for i in range(len(X)):\n        for j in range(X.shape[1]):\n"
        "            scratch.own[i, j] = X[:, j].mean()\n",
        "Clients average over all others, whatever the graph is.",
    ),
    Change(
        "decentralized_ignores_the_weights",
        "decentralized_scaffnew",
        "ends",
        "len(state.X), params.weights)",
        'len(state.X), "metropolis")',
        "The weights are Metropolis weights whatever is asked for.",
    ),
    Change(
        "decentralized_mixes_less",
        "decentralized_scaffnew",
        "sizes",
        "params.t, X, scratch.own)",
        "params.t * (0.5 if len(X) > 4 else 1.0), X, scratch.own)",
        "With more than four clients they mix by half.",
    ),
    Change(
        "decentralized_leaves_out_the_last",
        "decentralized_scaffnew",
        "sizes",
        "    for i in range(X.shape[0]):\n        take(",
        "    for i in range(min(10, X.shape[0])):\n        take(",
        "Clients beyond the tenth never take what their neighbours send.",
    ),
)
