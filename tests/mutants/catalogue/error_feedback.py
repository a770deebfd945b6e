"""Changes of the methods that remember what compression leaves out."""

from .change import Change

_NO_POSITIONS = (
    "from .parts import messages\nfrom .parts.cost import Sends, Vectors\n\n"
    'SENDS = Sends(messages.KnownCoordinates("C"), Vectors(1))'
)

CHANGES = (
    Change(
        "error_feedback_forgets",
        "error_feedback",
        "step",
        "        for k in range(n):\n",
        "        E[:] = 0.0\n        for k in range(n):\n",
        "What messages leave out is forgotten.",
    ),
    Change(
        "error_feedback_half_an_error",
        "error_feedback",
        "step",
        "        error_feedback.answer(params, state, w_s[t], space)\n",
        "        error_feedback.answer(params, state, w_s[t], space)\n        E *= 0.5\n",
        "Half of an error is remembered.",
    ),
    Change(
        "error_feedback_steps_ahead",
        "error_feedback",
        "step",
        "x[j] - params.alpha * E[k, j]",
        "x[j] - E[k, j]",
        "Every client steps ahead in full, though α = 0.",
    ),
    Change(
        "error_feedback_one_message_for_all",
        "error_feedback",
        "dependence",
        "w[t, k], xi",
        "w[t, 0], xi",
        "All clients compress with the randomness of the first.",
    ),
    Change(
        "error_feedback_without_positions",
        "error_feedback",
        "cost",
        "SENDS = error_feedback.SENDS",
        _NO_POSITIONS,
        "The places of the coordinates are not counted, which the server does not know.",
    ),
    Change(
        "saef_never_averages",
        "saef",
        "step",
        "if t % params.p == 0:",
        "if t % params.p == 1:",
        "With p = 1 the errors are never averaged.",
    ),
    Change(
        "saef_averages_for_four_clients",
        "saef",
        "sizes",
        "            broadcast(space.mean, E)\n",
        "            broadcast(space.mean, E[:4])\n",
        "Beyond the fourth client errors stay as they are.",
    ),
    Change(
        "saef_steps_back",
        "saef",
        "step",
        "x[j] - E[k, j]",
        "x[j] + E[k, j]",
        "Gradients are taken behind the model and not ahead of it.",
    ),
    Change(
        "saef_hands_out_the_virtual_model",
        "saef",
        "model",
        "class Params(NamedTuple):\n",
        "def model(state):\n    return error_feedback.virtual(state)\n\n\nclass Params(NamedTuple):\n",
        "The model that is handed out is one that nobody has.",
    ),
    Change(
        "saef_averages_for_nothing",
        "saef",
        "cost",
        "SENDS = error_feedback.SENDS_OF_PERIODS",
        "SENDS = error_feedback.SENDS",
        "What the averages cost is not counted.",
    ),
)
