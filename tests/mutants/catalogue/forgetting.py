"""Changes of FedReg."""

from .change import Change

_ON = "softmax"

CHANGES = (
    Change(
        "fedreg_adds_what_climbs",
        "fedreg",
        "step",
        "pseudo_data.take_away(w, x, g, rho)",
        "pseudo_data.take_away(w, x, g, -rho)",
        "What climbs on the pseudo data is added once more.",
        _ON,
    ),
    Change(
        "fedreg_moves_by_a_tenth",
        "fedreg",
        "step",
        "eta_s / 100.0",
        "eta_s / 10.0",
        "The perturbed data move by a tenth of η_s and not by a hundredth.",
        _ON,
    ),
    Change(
        "fedreg_projects_at_the_local_model",
        "fedreg",
        "step",
        "            z[:] = x + params.beta * (w - x)\n",
        "            z[:] = w\n",
        "The projections are at w and not between w and the server's model.",
        _ON,
    ),
    Change(
        "fedreg_mixes_the_other_way",
        "fedreg",
        "step",
        "z[:] = params.gamma * w + (1.0 - params.gamma) * x",
        "z[:] = params.gamma * x + (1.0 - params.gamma) * w",
        "γ is the weight of the server's model and not of the local one.",
        _ON,
    ),
    Change(
        "fedreg_counts_its_samples_only",
        "fedreg",
        "cost",
        "    return 3 * draws.iterations + 2 * pseudo_data.MOVES * len(draws)",
        "    return draws.iterations",
        "Of the gradients those on the pseudo data are not counted.",
        _ON,
    ),
)
