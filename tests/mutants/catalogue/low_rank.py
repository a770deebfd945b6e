"""Wrong copies of methods whose models are of low rank."""

from .change import Change

CHANGES = (
    Change(
        "feddlr_clients_send_whole_models",
        "feddlr",
        "step",
        "truncation.truncate(phase.Y[i], rows, params.p, phase.own)",
        "truncation.truncate(phase.Y[i], rows, 1.0, phase.own)",
        "Only the server truncates.",
    ),
    Change(
        "feddlr_server_sends_whole_models",
        "feddlr",
        "step",
        "truncation.truncate(x, rows, params.q, phase.own)",
        "truncation.truncate(x, rows, 1.0, phase.own)",
        "Only the clients truncate.",
    ),
    Change(
        "feddlr_keeps_a_share_of_the_norm",
        "feddlr",
        "step",
        "truncation.truncate(phase.Y[i], rows, params.p, phase.own)",
        "truncation.truncate(phase.Y[i], rows, params.p**2, phase.own)",
        "A share p of the norm is kept, which is p² of the energy.",
    ),
    Change(
        "feddlr_truncates_the_move",
        "feddlr",
        "step",
        "    for i in range(phase.Y.shape[0]):\n",
        "    for i in range(phase.Y.shape[0]):\n        phase.Y[i] -= x\n",
        "The clients send what their models have moved by, and the server takes that for the models.",
    ),
    Change(
        "feddlr_rows_are_columns",
        "feddlr",
        "sizes",
        "    x, cut, rows = state.x, state.cut, params.rows\n",
        "    x, cut, rows = state.x, state.cut, state.x.shape[0] // params.rows\n",
        "The model is read as a matrix of the other shape, which of a square one is the same.",
    ),
    Change(
        "feddlr_averages_all_but_the_last",
        "feddlr",
        "sizes",
        "    parts.average(phase.Y, x)",
        "    parts.average(phase.Y[: len(phase.Y) - (len(phase.Y) > 4)], x)",
        "With more than four clients the last is left out.",
    ),
    Change(
        "feddlr_takes_one_minibatch_a_round",
        "feddlr",
        "dependence",
        "    parts.minibatch_steps(params, kernel, i, phase, eta, k)",
        "    phase.xi[:] = phase.xi[0]\n    parts.minibatch_steps(params, kernel, i, phase, eta, k)",
        "All local steps of a round are along the minibatch of the first.",
    ),
    Change(
        "feddlr_counts_the_mean_client",
        "feddlr",
        "cost",
        "state.up.max()",
        "state.up.mean()",
        "What the mean client sends is counted, and not what the one sends that sends most.",
    ),
    Change(
        "feddlr_counts_one_factor",
        "feddlr",
        "cost",
        "    state.down[0] += factors(rank, rows, columns)",
        "    state.down[0] += min(rows * columns, rank * columns)",
        "Of the two factors that travel one is counted.",
    ),
)
