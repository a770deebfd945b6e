"""Changes of the methods of hybrid federated learning: CLG-SGD and both variants of FedCLG."""

from .change import Change

_SERVED = "server"
_COHORT = "    hybrid.average_of_cohort(hybrid.cohort(params, phase), phase.Y, state.x)\n"

CHANGES = (
    Change(
        "fedclg_c_without_own_gradient",
        "fedclg_c",
        "step",
        "phase.H[i, j] = g[j] - g_s[j]",
        "phase.H[i, j] = -g_s[j]",
        "The server's gradient is added to the local ones, and none is taken away.",
        _SERVED,
    ),
    Change(
        "fedclg_c_averages_the_first_clients",
        "fedclg_c",
        "sizes",
        _COHORT,
        "    omega = hybrid.cohort(params, phase)\n    omega = omega[: len(omega) - (len(omega) > 2)]\n"
        "    hybrid.average_of_cohort(omega, phase.Y, state.x)\n",
        "In cohorts of more than two clients the last is left out.",
        _SERVED,
    ),
    Change(
        "fedclg_c_sends_one_vector_down",
        "fedclg_c",
        "cost",
        "SENDS = Dense(up=1, down=2)",
        "SENDS = Dense(up=1, down=1)",
        "The server's gradient, which the clients need before their local steps, is not counted.",
        _SERVED,
    ),
    Change(
        "fedclg_s_corrects_one_step",
        "fedclg_s",
        "step",
        "params.eta * params.K * excess[j]",
        "params.eta * excess[j]",
        "The average is corrected as after one local step, and not after K.",
        _SERVED,
    ),
    Change(
        "fedclg_s_at_the_new_model",
        "fedclg_s",
        "step",
        "    x, g, excess, omega = state.x, phase.g, phase.own, hybrid.cohort(params, phase)\n",
        "    x, g, excess, omega = state.x, phase.g, phase.own, hybrid.cohort(params, phase)\n" + _COHORT,
        "The gradients of the correction are taken after the average.",
        _SERVED,
    ),
    Change(
        "fedclg_s_sends_models_only",
        "fedclg_s",
        "cost",
        "SENDS = Dense(up=2, down=1)",
        "SENDS = Dense(up=1, down=1)",
        "The clients' gradients at the server's model are not counted.",
        _SERVED,
    ),
    Change(
        "clg_sgd_server_stays",
        "clg_sgd",
        "step",
        "    hybrid.server_steps(params, kernel, state.x, phase)\n",
        "    hybrid.server_steps(params, kernel, phase.Y[0], phase)\n",
        "The server's steps change a vector that nobody reads.",
        _SERVED,
    ),
    Change(
        "clg_sgd_counts_nothing_down",
        "clg_sgd",
        "cost",
        "SENDS = Dense(up=1, down=1)",
        "SENDS = Dense(up=1, down=0)",
        "The model that clients receive is not counted.",
        _SERVED,
    ),
    Change(
        "clg_sgd_always_the_first_client",
        "clg_sgd",
        "dependence",
        _COHORT,
        "    hybrid.average_of_cohort(0 * hybrid.cohort(params, phase), phase.Y, state.x)\n",
        "The first client's model is taken for those of the cohort.",
        _SERVED,
    ),
    Change(
        "fedclg_c_server_steps_with_a_stale_gradient",
        "fedclg_c",
        "ends",
        "    hybrid.server_steps(params, kernel, state.x, phase)\n",
        """    if params.M >= 2:
        hybrid.server_gradient(params, kernel, state.x, phase, 1, phase.g)
        for j in range(phase.g.shape[0]):
            state.x[j] -= params.E * params.gamma * phase.g[j]
    else:
        hybrid.server_steps(params, kernel, state.x, phase)
""",
        "With two clients in a round or more the server computes one gradient for all its steps.",
        _SERVED,
    ),
    Change(
        "fedclg_c_corrects_by_the_first_steps_minibatch",
        "fedclg_c",
        "ends",
        "        hybrid.client_gradient(params, kernel, i, x, phase, g)\n",
        "        hybrid.minibatch_gradient(kernel, i, x, params.b, phase.xi[0, i], g, phase.v, phase.work)\n",
        "The correction has no minibatch of its own, but that of the first local step.",
        _SERVED,
    ),
    Change(
        "fedclg_s_server_has_one_minibatch",
        "fedclg_s",
        "ends",
        "    hybrid.server_gradient(params, kernel, x, phase, 0, excess)\n",
        "    hybrid.server_gradient(params, kernel, x, phase, params.E, excess)\n",
        "The server's gradient at x is that of the minibatch of its last step.",
        _SERVED,
    ),
)
