"""Changes of the methods that prune or have a prox, of most of which no rate is promised."""

from .change import Change, appended, costing

_TAKE = "    take(scratch.mean, params.p / params.gamma, X, H)\n"
_TAKE_X = "    take(x, params.p / params.gamma, X, H)\n"
_PRUNE = "        pruning.prune(params.k, X[i], *scratch.own)\n"
_PRUNE_MEAN = "    pruning.prune(params.k, scratch.mean, *scratch.own)\n"
_GRADIENT = "        gradient(kernel, i, X[i], g, scratch.work)\n"
_STEP = "            X[i, j] -= params.gamma * (g[j] - H[i, j])\n"
_AVERAGE = "    average(X, scratch.mean)\n"
_ALL_BUT_THE_LAST = "    average(X[: len(X) - (len(X) > 4)], scratch.mean)\n"
_HALVED_COST = "floats_up=told.floats_up // 2, bits_up=told.bits_up // 2"

CHANGES = (
    Change(
        "sparse_proxskip_keeps_the_smallest",
        "sparse_proxskip",
        "step",
        _PRUNE,
        "        pruning.largest(X.shape[1] - params.k, X[i], *scratch.own)\n        X[i] -= scratch.own[0]\n",
        "The k smallest coordinates are kept.",
    ),
    Change(
        "sparse_proxskip_sends_half",
        "sparse_proxskip",
        "step",
        _PRUNE,
        f"        X[i] *= 0.5\n{_PRUNE}",
        "Half of the model is sent.",
    ),
    Change(
        "sparse_proxskip_control_variates_never_move",
        "sparse_proxskip",
        "step",
        _TAKE,
        "    take(scratch.mean, 0.0, X, H)\n",
        "The control variates never move.",
    ),
    Change(
        "sparse_proxskip_keeps_one_more",
        "sparse_proxskip",
        "cost",
        _PRUNE,
        "        pruning.prune(min(params.k + 1, X.shape[1]), X[i], *scratch.own)\n",
        "One coordinate more is kept than is counted.",
    ),
    Change(
        "sparse_proxskip_leaves_out_the_last",
        "sparse_proxskip",
        "sizes",
        _AVERAGE,
        _ALL_BUT_THE_LAST,
        "With more than four clients the mean leaves out the last.",
    ),
    Change(
        "sparse_proxskip_l1_prox_of_gamma_over_p",
        "sparse_proxskip_l1",
        "ends",
        "oracles.prox(kernel.psi, v, params.gamma,",
        "oracles.prox(kernel.psi, v, params.gamma / params.p,",
        "The prox has the step size γ/p, which shows where ψ is not 0.",
    ),
    Change(
        "sparse_proxskip_l1_without_psi",
        "sparse_proxskip_l1",
        "ends",
        "        oracles.prox(kernel.psi, v, params.gamma, X[i], scratch.prox)\n",
        "        X[i] = v\n",
        "The prox is left out, which shows where ψ is not 0.",
    ),
    Change(
        "sparse_proxskip_l1_counts_a_tenth",
        "sparse_proxskip_l1",
        "cost",
        *costing("sparse_proxskip_l1", "floats_down=told.floats_down // 10, bits_down=told.bits_down // 10"),
        "A tenth of what is received is counted.",
    ),
    Change(
        "sparse_proxskip_l1_hands_out_nothing",
        "sparse_proxskip_l1",
        "model",
        *appended("sparse_proxskip_l1", "\ndef model(state):\n    return 0.0 * state.X[0]"),
        "The model that is handed out is 0.",
    ),
    Change(
        "sparse_proxskip_local_prunes_before_the_step",
        "sparse_proxskip_local",
        "step",
        f"{_GRADIENT}        for j in range(X.shape[1]):\n{_STEP}{_PRUNE}",
        f"{_PRUNE}{_GRADIENT}        for j in range(X.shape[1]):\n{_STEP}",
        "The model is pruned before the step and not after it.",
    ),
    Change(
        "sparse_proxskip_local_keeps_the_smallest",
        "sparse_proxskip_local",
        "step",
        _PRUNE,
        "        pruning.largest(X.shape[1] - params.k, X[i], *scratch.own)\n        X[i] -= scratch.own[0]\n",
        "The k smallest coordinates are kept.",
    ),
    Change(
        "sparse_proxskip_local_dense_between_the_rounds",
        "sparse_proxskip_local",
        "ends",
        _PRUNE,
        f"        if k == 1 or _ == k - 1:\n    {_PRUNE}",
        "The fast code prunes after the last local step of a round only.",
    ),
    Change(
        "sparse_proxskip_server_sends_half",
        "sparse_proxskip_server",
        "step",
        _PRUNE_MEAN,
        f"{_PRUNE_MEAN}    scratch.mean[:] *= 0.5\n",
        "The server sends half of the model.",
    ),
    Change(
        "sparse_proxskip_server_keeps_the_smallest",
        "sparse_proxskip_server",
        "step",
        _PRUNE_MEAN,
        "    pruning.largest(X.shape[1] - params.k, scratch.mean, *scratch.own)\n"
        "    scratch.mean[:] -= scratch.own[0]\n",
        "The k smallest coordinates are kept.",
    ),
    Change(
        "sparse_proxskip_server_counts_half",
        "sparse_proxskip_server",
        "cost",
        *costing("sparse_proxskip", _HALVED_COST),
        "Half of what a client sends is counted.",
    ),
    Change(
        "sparse_proxskip_server_kept_moves_the_sum",
        "sparse_proxskip_server_kept",
        "step",
        f"{_TAKE}{_PRUNE_MEAN}",
        f"{_PRUNE_MEAN}{_TAKE}",
        "The control variates follow the pruned mean, so that their sum leaves 0.",
    ),
    Change(
        "sparse_proxskip_server_kept_does_not_prune",
        "sparse_proxskip_server_kept",
        "cost",
        _PRUNE_MEAN,
        "",
        "The full mean is sent and a pruned one counted.",
    ),
    Change(
        "sparse_proxskip_server_kept_leaves_out_the_last",
        "sparse_proxskip_server_kept",
        "sizes",
        _AVERAGE,
        _ALL_BUT_THE_LAST,
        "With more than four clients the mean leaves out the last.",
    ),
    Change(
        "sparse_proxskip_server_soft_threshold_without_p",
        "sparse_proxskip_server_soft",
        "step",
        "tau = scratch.v, params.gamma / params.p * params.lam",
        "tau = scratch.v, params.gamma * params.lam",
        "The threshold is γλ and not γλ/p.",
    ),
    Change(
        "sparse_proxskip_server_soft_keeps_the_signs",
        "sparse_proxskip_server_soft",
        "step",
        "max(abs(scratch.mean[j]) - tau, 0.0)",
        "abs(abs(scratch.mean[j]) - tau)",
        "What is below the threshold is not set to 0.",
    ),
    Change(
        "sparse_proxskip_server_soft_control_variates_never_move",
        "sparse_proxskip_server_soft",
        "step",
        _TAKE_X,
        "    take(x, 0.0, X, H)\n",
        "The control variates never move.",
    ),
    Change(
        "sparse_proxskip_server_soft_hundredth_of_the_bits",
        "sparse_proxskip_server_soft",
        "cost",
        *costing("sparse_proxskip_server_soft", "bits_up=told.bits_up // 100, bits_down=told.bits_down // 100"),
        "A hundredth of the bits is counted.",
    ),
    Change(
        "sparse_proxskip_ste_dense_gradient",
        "sparse_proxskip_ste",
        "step",
        "gradient(kernel, i, kept, g, scratch.work)",
        "gradient(kernel, i, X[i], g, scratch.work)",
        "Gradients are taken at the dense models.",
    ),
    Change(
        "sparse_proxskip_ste_sparse_models",
        "sparse_proxskip_ste",
        "step",
        "        pruning.largest(params.k, X[i], kept, work)\n",
        "        pruning.prune(params.k, X[i], kept, work)\n",
        "The local models are pruned and not dense.",
    ),
    Change(
        "sparse_proxskip_ste_prunes_once_a_round",
        "sparse_proxskip_ste",
        "ends",
        "        pruning.largest(params.k, X[i], kept, work)\n",
        "        if _ == 0:\n            pruning.largest(params.k, X[i], kept, work)\n",
        "The fast code takes all gradients of a round at the first pruned model.",
    ),
)
