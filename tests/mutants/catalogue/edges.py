"""Wrong copies of methods with two levels of averages."""

from .change import Change, appended, costing

_STEP = "step = edges.step\n"
_ROUND = """
def _wrong(kernel, params, state, outcome, plain):
    x, n = state.x, oracles.clients(kernel)
    g, work = np.empty_like(x), oracles.workspace(kernel)
    told = np.zeros_like(x)
    for e in range(params.edges):
        own = range(edges.first_of(e, params.edges, n), edges.first_of(e + 1, params.edges, n))
        at_edge = x.copy()
        for r in range(params.k2):
            Y = np.tile(at_edge, (len(own), 1))
            for y, i in zip(Y, own):
                for _ in range(params.k1):
                    oracles.gradient(kernel, i, y, g, work)
                    y -= params.gamma * g
            at_edge = LINE
        told += WEIGHT * at_edge
    x[:] = told


def step(kernel, params, state, outcome):
    _wrong(kernel, params, state, outcome, True)


def advance(kernel, params, state, draws):
    for _ in range(len(draws)):
        _wrong(kernel, params, state, None, False)
"""
_IMPORTS = "import numpy as np\n\nfrom ..problems import oracles\n"


def _rounds(line: str, weight: str) -> str:
    return _IMPORTS + _ROUND.replace("LINE", line).replace("WEIGHT", weight)


CHANGES = (
    Change(
        "hierfavg_weighs_edges_alike",
        "hierfavg",
        "sizes",
        _STEP,
        _rounds("Y.mean(axis=0)", "1 / params.edges"),
        "All edges have one weight in the cloud, whatever their clients: wrong where these are not as many.",
    ),
    Change(
        "hierfavg_takes_the_last_client",
        "hierfavg",
        "step",
        _STEP,
        _rounds("Y[-1]", "len(own) / n"),
        "An edge takes the model of its last client in the place of the mean.",
    ),
    Change(
        "hierfavg_adds_what_clients_moved",
        "hierfavg",
        "step",
        _STEP,
        _rounds("at_edge + (Y - at_edge).sum(axis=0)", "len(own) / n"),
        "An edge adds its clients' moves up and does not average them.",
    ),
    Change(
        "hierfavg_averages_a_round_less",
        "hierfavg",
        "ends",
        "step = edges.step\n",
        "\n\ndef step(kernel, params, state, outcome):\n"
        "    edges.step(kernel, params._replace(k2=min(params.k2, 2)), state, outcome)\n\n\n"
        "def advance(kernel, params, state, draws):\n"
        "    edges.advance(kernel, params._replace(k2=min(params.k2, 2)), state, draws)\n",
        "An edge averages twice at most, however large k2 is.",
    ),
    Change(
        "hierfavg_sends_once",
        "hierfavg",
        "cost",
        *costing("hierfavg", "floats_up=told.floats_up // params.k2, bits_up=told.bits_up // params.k2"),
        "Of the models that clients send to their edges only those of the last average are counted.",
    ),
    Change(
        "hiersfl_hides_half_of_the_move",
        "hiersfl",
        "step",
        "privacy.perturb(v, 2.0 * params.C0 * params.z, word)",
        "privacy.perturb(v, params.C0 * params.z, word)",
        "The noise is for a sensitivity of C0, and one client's data can move an update by 2 C0.",
    ),
    Change(
        "hiersfl_clips_what_is_noised",
        "hiersfl",
        "step",
        "    privacy.clip(v, params.C0)\n    privacy.perturb(v, 2.0 * params.C0 * params.z, word)\n",
        "    privacy.perturb(v, 2.0 * params.C0 * params.z, word)\n    privacy.clip(v, params.C0)\n",
        "The update is clipped after its noise.",
    ),
    Change(
        "hiersfl_never_clips",
        "hiersfl",
        "step",
        "    privacy.clip(v, params.C0)\n",
        "",
        "Updates are as long as they are, so that the noise hides nothing for certain.",
    ),
    Change(
        "hiersfl_clips_the_model",
        "hiersfl",
        "step",
        "v[j] = state.at_client[j] * (y[j] - x[j])",
        "v[j] = state.at_client[j] * y[j]",
        "What is clipped is the client's model and not how far it has moved.",
    ),
    Change(
        "hiersfl_clips_with_the_edges_part",
        "hiersfl",
        "step",
        "v[j] = state.at_client[j] * (y[j] - x[j])",
        "v[j] = y[j] - x[j]",
        "The length that is clipped is that of the whole update, of which the client has a part.",
    ),
    Change(
        "hiersfl_forgets_the_edges_noise",
        "hiersfl",
        "step",
        "    privacy.perturb(v, 2.0 * params.C0 * params.z / clients, word)\n",
        "",
        "What edges tell the cloud has no noise of their own.",
    ),
    Change(
        "hiersfl_hides_one_of_one_at_the_edge",
        "hiersfl",
        "step",
        "2.0 * params.C0 * params.z / clients",
        "2.0 * params.C0 * params.z",
        "An edge's noise is as large as a client's, and not what one of its clients moves the mean by.",
    ),
    Change(
        "hiersfl_noises_the_edges_part",
        "hiersfl",
        "step",
        "x[j] += state.at_client[j] * v[j]",
        "x[j] += v[j]",
        "The edge's noise is in its own part of the model too.",
    ),
    Change(
        "hiersfl_draws_one_noise_for_all",
        "hiersfl",
        "dependence",
        *appended(
            "hiersfl",
            """
def draw(rng, problem, params, rounds):
    fair = RANDOM.draw(rng, problem, params, rounds)
    fair.ends["w"][:] = fair.ends["w"][:, :1]
    return fair""",
        ),
        "All releases of a round have one noise, which differences of models show.",
    ),
    Change(
        "hiersfl_takes_all_samples",
        "hiersfl",
        "ends",
        "implements(edges.train, Params)(edges.minibatch_steps)\n",
        "",
        "Steps are along whole gradients, however small minibatches are.",
    ),
    Change(
        "hiersfl_sends_no_features",
        "hiersfl",
        "cost",
        *costing("hiersfl", "floats_up=params.k2 * split.kept_by_client(problem, params) * len(draws)"),
        "The features and logits that leave a client in every local step are not counted.",
    ),
)
