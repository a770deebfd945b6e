"""Wrong copies of methods in which a part of the model is every client's own."""

from .change import Change, costing

CHANGES = (
    Change(
        "spatl_averages_over_all",
        "spatl",
        "step",
        "        encoders.mean_of_senders(Y, own.marks, x)",
        "        encoders.mean_with_zeros(Y - x, own.marks, phase.g)\n        x += phase.g",
        "The sum of what is sent is divided by all clients, not by those that sent a row.",
    ),
    Change(
        "spatl_corrects_nothing",
        "spatl",
        "step",
        "            phase.H[i, j] = params.s * (state.C[i, j] - state.c[j])",
        "            phase.H[i, j] = 0.0",
        "The control variates are kept and not used.",
    ),
    Change(
        "spatl_forgets_the_servers_control_variate",
        "spatl",
        "step",
        "C[i, j] -= c[j] + (Y[i, j] - x[j]) / (params.K * params.eta)",
        "C[i, j] -= (Y[i, j] - x[j]) / (params.K * params.eta)",
        "c is not subtracted from a client's new control variate.",
    ),
    Change(
        "spatl_steps_back_on_private_parts",
        "spatl",
        "step",
        "            b[j] -= eta * own.b[j]",
        "            b[j] += eta * own.b[j]",
        "Private parts go up the gradient.",
        "personal",
    ),
    Change(
        "spatl_moves_private_parts_twice",
        "spatl",
        "step",
        "            b[j] -= eta * own.b[j]",
        "            b[j] -= 2.0 * eta * own.b[j]",
        "Private parts have twice the step size.",
        "personal",
    ),
    Change(
        "spatl_hands_out_the_first_private_part_for_all",
        "spatl",
        "model",
        "FAMILY = encoders\n",
        "FAMILY = encoders\n\n\ndef model(state):\n"
        "    return np.concatenate([state.x, np.tile(state.B[0], len(state.B))])\n",
        "Every client is given the private part of the first.",
        "personal",
    ),
    Change(
        "spatl_averages_no_zeros",
        "spatl",
        "ends",
        "        encoders.mean_with_zeros(Y, own.marks, x)",
        "        encoders.mean_of_senders(Y, own.marks, x)",
        "The mean is over the senders also where it is said to be over all.",
    ),
    Change(
        "spatl_knows_no_dense_control",
        "spatl",
        "ends",
        "if params.control or own.marks",
        "if own.marks",
        "Control variates change in the rows that are sent only, also where they are said to be dense.",
    ),
    Change(
        "spatl_counts_no_control_variates",
        "spatl",
        "cost",
        *costing("spatl", "floats_up=told.floats_up // 2, bits_up=told.bits_up // 2"),
        "Of what is sent of the model and of the control variate only the one is counted.",
    ),
)
