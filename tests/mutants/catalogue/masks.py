"""Wrong copies of methods that keep to a mask."""

from .change import Change, appended

CHANGES = (
    Change(
        "salientgrads_masks_the_gradient",
        "salientgrads",
        "step",
        "state.mask[j] * (Y[i, j] - gamma * g[j])",
        "Y[i, j] - gamma * state.mask[j] * g[j]",
        "Gradients are masked and models are not, so that the dense start stays.",
    ),
    Change(
        "salientgrads_scores_without_the_model",
        "salientgrads",
        "start",
        "    return State(x, masks.salient(problem, x, params), np.array([params.gamma]))",
        "    scores = np.abs(problem.gradients(x)).mean(axis=0)\n"
        "    k = masks.kept(problem.d, params.density)\n"
        "    mask = (np.argsort(np.argsort(-scores, kind='stable')) < k) * 1.0\n"
        "    return State(x, mask, np.array([params.gamma]))",
        "The score is |∇f_i| and not |∇f_i W₀|.",
    ),
    Change(
        "salientgrads_starts_on_the_mask",
        "salientgrads",
        "start",
        "    return State(x, masks.salient(problem, x, params), np.array([params.gamma]))",
        "    mask = masks.salient(problem, x, params)\n    return State(mask * x, mask, np.array([params.gamma]))",
        "The first model is masked, and the first gradients are not those at the dense one.",
    ),
    Change(
        "salientgrads_keeps_the_smallest",
        "salientgrads",
        "start",
        "    return State(x, masks.salient(problem, x, params), np.array([params.gamma]))",
        "    least = params._replace(density=1.0 - params.density + 1e-9)\n"
        "    return State(x, 1.0 - masks.salient(problem, x, least), np.array([params.gamma]))",
        "What is least salient is kept.",
    ),
    Change(
        "salientgrads_averages_all_but_the_last",
        "salientgrads",
        "sizes",
        "    parts.average(phase.Y, state.x)",
        "    parts.average(phase.Y[: len(phase.Y) - (len(phase.Y) > 4)], state.x)",
        "With more than four clients the last is left out.",
    ),
    Change(
        "salientgrads_lets_the_mask_grow",
        "salientgrads",
        "step",
        "    parts.average(phase.Y, state.x)",
        "    parts.average(phase.Y, state.x)\n    state.mask[0] = 1.0",
        "The first coordinate joins the mask after a round.",
    ),
    Change(
        "salientgrads_counts_half_of_the_mask",
        "salientgrads",
        "cost",
        *appended(
            "salientgrads",
            """
def cost(problem, params, draws):
    told = SENDS.cost(problem, params, len(draws), draws.iterations, draws.iterations)
    return told._replace(floats_up=told.floats_up // 2, bits_up=told.bits_up // 2)""",
        ),
        "Half of what the clients send is counted.",
    ),
    Change(
        "salientgrads_gets_its_mask_for_nothing",
        "salientgrads",
        "cost",
        "opening = masks.opening\n",
        "",
        "The scores and the mask, which are sent before the first round, are not counted.",
    ),
    Change(
        "salientgrads_clips_coordinates",
        "salientgrads",
        "ends",
        "            privacy.clip(g, params.G)",
        "            g[:] = np.minimum(np.maximum(g, -params.G), params.G)",
        "Each coordinate is clipped, and not the norm of all of them.",
    ),
    Change(
        "salientgrads_clips_on_the_mask",
        "salientgrads",
        "ends",
        "            privacy.clip(g, params.G)",
        "            g *= state.mask\n            privacy.clip(g, params.G)",
        "The norm that is clipped is that of the coordinates on the mask.",
    ),
    Change(
        "salientgrads_shortens_every_step",
        "salientgrads",
        "ends",
        "    state.gamma[0] *= params.rho",
        "    state.gamma[0] *= params.rho**params.K",
        "The step size falls with every local step and not with every round.",
    ),
    Change(
        "salientgrads_scores_the_mean",
        "salientgrads",
        "start",
        "    return State(x, masks.salient(problem, x, params), np.array([params.gamma]))",
        "    scores = np.abs((problem.gradients(x) * x).mean(axis=0))\n"
        "    k = masks.kept(problem.d, params.density)\n"
        "    mask = (np.argsort(np.argsort(-scores, kind='stable')) < k) * 1.0\n"
        "    return State(x, mask, np.array([params.gamma]))",
        "The size of the clients' mean counts and not the mean of their sizes.",
    ),
)
