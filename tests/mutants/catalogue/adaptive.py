"""Wrong copies of methods with step sizes of their own in every coordinate."""

from .change import Change, appended, costing

CHANGES = (
    Change(
        "fedlalr_restarts_v_at_the_floor",
        "fedlalr",
        "step",
        "        v[j] = state.v_hat[j]",
        "        v[j] = params.eps**2",
        "The second moment of a round starts from ε² and not from v̂.",
    ),
    Change(
        "fedlalr_is_adam",
        "fedlalr",
        "step",
        "V_hat[i, j] = max(V_hat[i, j], v[j])",
        "V_hat[i, j] = v[j]",
        "The last second moment is taken and not the largest.",
    ),
    Change(
        "fedlalr_corrects_the_bias",
        "fedlalr",
        "step",
        "eta * M[i, j] / np.sqrt",
        "eta / (1.0 - params.beta1 ** (t + 1)) * M[i, j] / np.sqrt",
        "The first moment is divided by 1 - β₁^t, as in Adam.",
    ),
    Change(
        "fedlalr_one_second_moment",
        "fedlalr",
        "sizes",
        "        cohorts.average_of(phase.w, phase.own.V_hat, state.v_hat)",
        "        state.v_hat[:] = phase.own.V_hat[:4].sum(axis=0) / min(len(phase.own.V_hat), 4)",
        "The second moments of the fifth client and of those after it are lost.",
    ),
    Change(
        "fedlalr_keeps_the_first_moment",
        "fedlalr",
        "cost",
        "SENDS = parts.Dense(up=3, down=3)",
        "SENDS = parts.Dense(up=2, down=2)",
        "Of the model and two moments two vectors are counted.",
    ),
    Change(
        "fedlalr_counts_a_step",
        "fedlalr",
        "cost",
        *costing("fedlalr", "gradients=len(draws)"),
        "Of K minibatches in a round one is counted.",
    ),
    Change(
        "fedlalr_restarts_momentum",
        "fedlalr",
        "step",
        "    parts.broadcast(state.m, phase.own.M)",
        "    phase.own.M[:] = 0.0",
        "The first moment starts every round from 0.",
    ),
    Change(
        "fedlalr_hands_out_a_step_more",
        "fedlalr",
        "model",
        *appended("fedlalr", "\ndef model(state):\n    return state.x - state.m"),
        "The model after another step of the first moment is handed out.",
    ),
    Change(
        "fedlalr_takes_the_first_for_the_largest",
        "fedlalr",
        "ends",
        "        cohorts.largest_of(phase.w, phase.own.V_hat, state.v_hat)",
        "        cohorts.largest_of(phase.w[:1], phase.own.V_hat, state.v_hat)",
        "The v̂ of the first client of the cohort is taken for the largest.",
    ),
    Change(
        "fedlalr_averages_moments_of_all",
        "fedlalr",
        "ends",
        "    cohorts.average_of(phase.w, phase.own.M, state.m)",
        "    parts.average(phase.own.M, state.m)",
        "The first moments of clients that take no part are averaged too.",
    ),
)
