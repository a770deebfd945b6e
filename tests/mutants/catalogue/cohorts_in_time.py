"""Changes of Aergia and of TiFL."""

from .change import Change, drawing

CHANGES = (
    Change(
        "aergia_leaves_the_frozen_features",
        "aergia",
        "step",
        "            offloading.put_block(kernel, z, params.phi, phase.Y[client])\n",
        "",
        "What a helper has trained is not put back.",
    ),
    Change(
        "aergia_trains_all_to_the_end",
        "aergia",
        "step",
        "local_steps(kernel, i, y, phase.H[i], eta, k - d, phase.work)",
        "local_steps(kernel, i, y, phase.H[i], eta, k, phase.work)",
        "A slow client takes all K steps, and those without features besides.",
    ),
    Change(
        "aergia_helps_from_the_end",
        "aergia",
        "step",
        "            phase.own[i] = y\n"
        "            offloading.steps_of_block(kernel, i, y, params.phi, False, eta, d, phase.g, phase.work)\n",
        "            offloading.steps_of_block(kernel, i, y, params.phi, False, eta, d, phase.g, phase.work)\n"
        "            phase.own[i] = y\n",
        "A helper receives the model that the slow client has at its end, and not the one that it froze.",
    ),
    Change(
        "aergia_lets_the_slow_client_help_itself",
        "aergia",
        "step",
        "offloading.steps_of_block(kernel, helper, z,",
        "offloading.steps_of_block(kernel, client, z,",
        "The features are trained on the slow client's data.",
    ),
    Change(
        "aergia_lets_no_helper_train_all",
        "aergia",
        "ends",
        "            if params.trains:\n",
        "            if params.trains and d == 0:\n",
        "A helper trains the features, whatever it is asked to.",
    ),
    Change(
        "aergia_sends_a_model_each_way",
        "aergia",
        "cost",
        "cost = offloading.cost\n",
        "\n\ndef cost(problem, params, draws):\n"
        "    told = offloading.cost(problem, params, draws)\n"
        "    return told._replace(floats_up=problem.d * len(draws), bits_up=64 * problem.d * len(draws))\n\n\n",
        "What is handed on is not counted.",
    ),
    Change(
        "tifl_averages_two_clients",
        "tifl",
        "step",
        "hybrid.average_of_cohort(tiers.cohort(params, state, phase.w), phase.Y, state.x)",
        "hybrid.average_of_cohort(tiers.cohort(params, state, phase.w)[:2], phase.Y, state.x)",
        "Of a cohort the first two are averaged.",
    ),
    Change(
        "tifl_forgets_its_credits",
        "tifl",
        "step",
        "    tiers.choose(params, kernel, state, phase.w, phase.own)\n",
        "    tiers.choose(params, kernel, state, phase.w, phase.own)\n    state.credits[:] = params.credits\n",
        "A tier may be drawn however often it was.",
    ),
    Change(
        "tifl_prefers_the_best_tier",
        "tifl",
        "step",
        "    tiers.choose(params, kernel, state, phase.w, phase.own)\n",
        "    state.chances[:] = state.chances.max() + state.chances.min() - state.chances\n"
        "    tiers.choose(params, kernel, state, phase.w, phase.own)\n"
        "    state.chances[:] = state.chances.max() + state.chances.min() - state.chances\n",
        "Chances rise where losses are small.",
    ),
    Change(
        "tifl_declares_no_losses",
        "tifl",
        "cost",
        "SENDS = tiers.SENDS\n",
        "SENDS = parts.Dense(up=1, down=1)\n",
        "The losses by which tiers are ranked are not counted.",
    ),
    Change(
        "tifl_draws_one_cohort_for_two_rounds",
        "tifl",
        "dependence",
        *drawing("tifl", 'ends["omega"][1::2] = ends["omega"][: 2 * (rounds // 2) : 2]'),
        "Every second round has the cohort of the one before.",
    ),
)
