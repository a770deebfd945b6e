"""Wrong copies of BLADE-FL."""

from .change import Change, appended

_COPIES = "    blocks.copy_lazily(phase.w, phase.Y, params.sigma)\n"

CHANGES = (
    Change(
        "blade_fl_mines_in_no_time",
        "blade_fl",
        "step",
        "RANDOM = parts.Phases(blocks.local_steps) & blocks.Copies()",
        "RANDOM = parts.Phases(lambda params: blocks.local_steps(params._replace(beta=0.0))) & blocks.Copies()",
        "The time of mining is spent on local steps.",
    ),
    Change(
        "blade_fl_lazy_clients_train",
        "blade_fl",
        "ends",
        _COPIES,
        "",
        "Lazy clients send a model that nobody has trained, and no copy.",
    ),
    Change(
        "blade_fl_copies_without_noise",
        "blade_fl",
        "ends",
        _COPIES,
        "    blocks.copy_lazily(phase.w, phase.Y, 0.0)\n",
        "Copies have no noise.",
    ),
    Change(
        "blade_fl_noise_of_whole_vectors",
        "blade_fl",
        "ends",
        _COPIES,
        "    blocks.copy_lazily(phase.w, phase.Y, params.sigma / len(state.x) ** 0.5)\n",
        "σ² is the variance of the whole noise and not of a coordinate.",
    ),
    Change(
        "blade_fl_averages_honest_models",
        "blade_fl",
        "ends",
        "    parts.average(phase.Y, state.x)",
        "    parts.average(phase.Y[: len(phase.Y) - params.M], state.x)",
        "The average knows who is lazy and leaves them out.",
    ),
    Change(
        "blade_fl_copies_the_first",
        "blade_fl",
        "dependence",
        _COPIES,
        "    for j in range(len(phase.w)):\n        phase.w[j, 0] = 0 if phase.w[j, 0] != j else j\n" + _COPIES,
        "Every lazy client copies the first.",
    ),
    Change(
        "blade_fl_last_client_left_out",
        "blade_fl",
        "sizes",
        "    parts.average(phase.Y, state.x)",
        "    parts.average(phase.Y[: len(phase.Y) - (len(phase.Y) > 4)], state.x)",
        "With more than four clients the last is left out.",
    ),
    Change(
        "blade_fl_tells_a_server",
        "blade_fl",
        "cost",
        *appended(
            "blade_fl",
            """
def cost(problem, params, draws):
    told = SENDS.cost(problem, params, len(draws), draws.iterations, draws.iterations)
    return told._replace(floats_up=told.floats_up // (problem.n - 1), bits_up=told.bits_up // (problem.n - 1))""",
        ),
        "A model is counted once and not once for each other client.",
    ),
    Change(
        "blade_fl_blocks_cost_nothing",
        "blade_fl",
        "cost",
        *appended(
            "blade_fl",
            """
def cost(problem, params, draws):
    told = SENDS.cost(problem, params, len(draws), draws.iterations, draws.iterations)
    models = (problem.n - 1) * problem.d * len(draws)
    return told._replace(floats_up=models, floats_down=models, bits_up=64 * models, bits_down=64 * models)""",
        ),
        "The headers of blocks are not counted.",
    ),
)
