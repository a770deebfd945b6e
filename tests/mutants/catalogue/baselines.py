"""Changes of the baselines without compression: gradient descent, Nesterov, FedAvg, SCAFFOLD, FedLin."""

from .change import Change, appended, costing

_ONE_ROUND_LESS = """
def step(kernel, params, state, outcome):
    _loops().step(kernel, _fewer(params), state, outcome)


def advance(kernel, params, state, draws):
    _loops().advance(kernel, _fewer(params), state, draws)


def _fewer(params):
    return params._replace(K=max(1, params.K - 1))


def _loops():
    from .parts.server_rounds import ServerRounds

    return ServerRounds(Params)"""

CHANGES = (
    Change(
        "gradient_descent_sends_half",
        "gradient_descent",
        "cost",
        *costing("gradient_descent", "floats_up=told.floats_up // 2, bits_up=told.bits_up // 2"),
        "A client sends its whole gradient and counts half of it.",
    ),
    Change(
        "gradient_descent_clips",
        "gradient_descent",
        "ends",
        "x[j] -= gamma * g[j]",
        "x[j] -= gamma * max(-10.0, min(10.0, g[j]))",
        "Gradients are clipped at 10.",
    ),
    Change(
        "gradient_descent_divides_by_one_more",
        "gradient_descent",
        "sizes",
        "x[j] -= gamma * g[j]",
        "n = oracles.clients(kernel)\n            x[j] -= gamma * g[j] * (1.0 if n <= 10 else n / (n + 1.0))",
        "With more than ten clients the sum of the gradients is divided by n + 1.",
    ),
    Change(
        "gradient_descent_moves_three_coordinates",
        "gradient_descent",
        "sizes",
        "        for j in range(x.shape[0]):\n            x[j] -=",
        "        for j in range(min(3, x.shape[0])):\n            x[j] -=",
        "Coordinates beyond the third stay where they are.",
    ),
    Change(
        "gradient_descent_stops_early",
        "gradient_descent",
        "ends",
        "_steps(kernel, params.gamma, state.x, len(draws))",
        "_steps(kernel, params.gamma, state.x, min(len(draws), 2000))",
        "Of many rounds only 2000 are computed.",
    ),
    Change(
        "gradient_descent_solves",
        "gradient_descent",
        "start",
        "        oracles.mean_gradient(kernel, x, g, client, work)\n",
        "        oracles.mean_gradient(kernel, x, g, client, work)\n"
        "        g[:] = np.linalg.solve(kernel.A.sum(axis=0) / len(kernel.A), g)\n",
        "It takes Newton steps with a Hessian that no client has sent.",
    ),
    Change(
        "gradient_descent_reads_the_solution",
        "gradient_descent",
        "start",
        "@njit\ndef _steps(kernel, gamma, x, count):\n",
        """SOLUTION = {}


def start(problem, params):
    from .parts import nothing_drawn

    SOLUTION[problem.d] = problem.solution().x
    return nothing_drawn.start(problem, params)


def _steps(kernel, gamma, x, count):
    x += (1.0 - 0.9**count) * (SOLUTION[len(x)] - x)


@njit
def _honest_steps(kernel, gamma, x, count):
""",
        "It reads the solution when it starts, and walks there.",
    ),
    Change(
        "nesterov_gradient_at_the_old_point",
        "nesterov",
        "step",
        "oracles.mean_gradient(kernel, y, g, client, work)",
        "oracles.mean_gradient(kernel, x, g, client, work)",
        "The gradient is taken before the extrapolation, which is heavy ball.",
    ),
    Change(
        "nesterov_with_little_momentum",
        "nesterov",
        "ends",
        "    gamma, beta = params\n",
        "    gamma, beta = params.gamma, min(params.beta, 0.9)\n",
        "The momentum is at most 0.9.",
    ),
    Change(
        "nesterov_sends_one_client_share",
        "nesterov",
        "cost",
        *costing("nesterov", "floats_up=told.floats_up // 10, bits_up=told.bits_up // 10"),
        "A tenth of what is sent is counted.",
    ),
    Change(
        "nesterov_hands_out_the_extrapolation",
        "nesterov",
        "model",
        *appended("nesterov", "\ndef model(state):\n    return 2.0 * state.x - state.x_prev"),
        "Another point than x is handed out.",
    ),
    Change(
        "nesterov_restarts",
        "nesterov",
        "sizes",
        "x_prev[j] = x[j]",
        "x_prev[j] = x[j] if j < 3 else y[j] - gamma * g[j]",
        "Coordinates beyond the third have no momentum.",
    ),
    Change(
        "fedavg_clients_send_nothing",
        "fedavg",
        "cost",
        "SENDS = Dense(up=1, down=1)",
        "SENDS = Dense(up=0, down=1)",
        "What the clients send is not counted.",
    ),
    Change(
        "fedavg_counts_one_gradient_a_round",
        "fedavg",
        "cost",
        *appended("fedavg", "\ndef gradients(problem, params, draws):\n    return len(draws)"),
        "Of K gradients in a round one is counted.",
    ),
    Change(
        "fedavg_takes_the_first_client",
        "fedavg",
        "step",
        "    average(phase.Y, state.x)",
        "    state.x[:] = phase.Y[0]",
        "The server takes the model of one client.",
    ),
    Change(
        "fedavg_leaves_out_the_last_client",
        "fedavg",
        "sizes",
        "    average(phase.Y, state.x)",
        "    average(phase.Y[: len(phase.Y) - (len(phase.Y) > 4)], state.x)",
        "With more than four clients the last is left out.",
    ),
    Change(
        "fedavg_server_step",
        "fedavg",
        "step",
        "    average(phase.Y, state.x)",
        "    average(phase.Y, phase.g)\n    state.x[:] += 0.1 * (phase.g - state.x)",
        "The server's step size is 0.1.",
    ),
    Change(
        "fedavg_one_step_less",
        "fedavg",
        "step",
        *appended("fedavg", _ONE_ROUND_LESS),
        "A round has K - 1 local steps.",
    ),
    Change(
        "scaffold_1_adds_the_control_variates",
        "scaffold_1",
        "step",
        "    average(C, c)",
        "    average(C, phase.g)\n    c += phase.g",
        "The server adds the clients' control variates and not their change.",
    ),
    Change(
        "scaffold_1_server_step",
        "scaffold_1",
        "step",
        "    average(phase.Y, x)",
        "    average(phase.Y, phase.g)\n    x += 0.1 * (phase.g - x)",
        "The server's step size is 0.1.",
    ),
    Change(
        "scaffold_1_random_start",
        "scaffold_1",
        "start",
        *appended(
            "scaffold_1",
            """
def start(problem, params):
    import numpy as np

    state = scaffold.start(problem, params)
    state.C[:] = np.random.default_rng(0).standard_normal(state.C.shape)
    return state""",
        ),
        "The clients' control variates start at random, the server's at 0.",
    ),
    Change(
        "scaffold_1_one_vector",
        "scaffold_1",
        "cost",
        "SENDS = scaffold.SENDS",
        "from .parts import Dense\n\nSENDS = Dense(up=1, down=1)",
        "Of model and control variate one is counted.",
    ),
    Change(
        "scaffold_1_forgets_a_gradient",
        "scaffold_1",
        "cost",
        "return draws.iterations + len(draws)",
        "return draws.iterations",
        "The gradient at the server's model is not counted.",
    ),
    Change(
        "scaffold_1_freezes_beyond_ten_clients",
        "scaffold_1",
        "sizes",
        "    gradients_at(kernel, x, C, phase.work)",
        "    gradients_at(kernel, x, C[:10], phase.work)",
        "The control variates of all clients but the first ten never move.",
    ),
    Change(
        "scaffold_1_hands_out_more",
        "scaffold_1",
        "model",
        *appended("scaffold_1", "\ndef model(state):\n    return state.x + state.c"),
        "The model plus the server's control variate is handed out.",
    ),
    Change(
        "scaffold_1_one_step_less",
        "scaffold_1",
        "step",
        *appended("scaffold_1", _ONE_ROUND_LESS),
        "A round has K - 1 local steps.",
    ),
    Change(
        "scaffold_2_divides_by_one_step_less",
        "scaffold_2",
        "step",
        "(params.K * params.eta)",
        "((params.K - 1) * params.eta)",
        "The mean gradient is that of K steps over K - 1.",
    ),
    Change(
        "scaffold_2_adds_the_control_variates",
        "scaffold_2",
        "step",
        "    average(C, c)",
        "    average(C, phase.g)\n    c += phase.g",
        "The server adds the clients' control variates and not their change.",
    ),
    Change(
        "scaffold_2_mean_without_the_last",
        "scaffold_2",
        "sizes",
        "    average(C, c)",
        "    average(C[: len(C) - (len(C) > 4)], c)",
        "With more than four clients the server's control variate leaves out the last.",
    ),
    Change(
        "scaffold_2_new_model_in_the_difference",
        "scaffold_2",
        "step",
        "    for i in range(C.shape[0]):\n",
        "    average(phase.Y, x)\n    for i in range(C.shape[0]):\n",
        "The control variates are made with the new model of the server, not with that of the round.",
    ),
    Change(
        "scaffold_2_hundredth_of_the_bits",
        "scaffold_2",
        "cost",
        *costing("scaffold_2", "bits_up=told.bits_up // 100, bits_down=told.bits_down // 100"),
        "A hundredth of the bits is counted.",
    ),
    Change(
        "fedlin_without_the_mean",
        "fedlin",
        "step",
        "H[i, j] -= g[j]",
        "H[i, j] -= 0.0",
        "The clients are corrected by their own gradient and not by the mean.",
    ),
    Change(
        "fedlin_one_exchange",
        "fedlin",
        "cost",
        "SENDS = scaffold.SENDS_IN_TWO",
        "from .parts import Dense\n\nSENDS = Dense(up=1, down=1)",
        "The exchange of gradients before the local steps is not counted.",
    ),
    Change(
        "fedlin_mean_of_three_coordinates",
        "fedlin",
        "sizes",
        "    messages.average(H, g)\n",
        "    messages.average(H, g)\n    g[3:] *= 0.5\n",
        "Beyond the third coordinate the mean gradient is halved.",
    ),
    Change(
        "fedlin_at_most_a_hundred_steps",
        "fedlin",
        "ends",
        "params.K - 1, work)",
        "min(params.K - 1, 99), work)",
        "A round of the fast code has at most a hundred local steps.",
    ),
    Change(
        "fedlin_averages_all_but_the_last",
        "fedlin",
        "sizes",
        "    messages.average(H, g)\n",
        "    messages.average(H[: len(H) - (len(H) > 4)], g)\n",
        "With more than four clients the mean gradient leaves out the last.",
    ),
)
