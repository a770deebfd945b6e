"""Which client holds which sample: every partition is one array of client ids, and no client is empty."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.checks import as_number, checked_count, checked_labels, refuse_mask
from ..core.errors import InputError, shown, unknown
from ..core.randomness import generator

Ids = NDArray[np.int64]

NAMES = ("contiguous", "shuffled", "by_label", "dirichlet")
_SHORT_FOR = {"label": "by_label"}


def full_name(partition: str) -> str:
    """Return the name of a partition of which ``label`` is short for ``by_label``; other words stay as they are.

    Examples
    --------
    >>> full_name("label"), full_name("shuffled")
    ('by_label', 'shuffled')
    """
    return _SHORT_FOR.get(partition, partition)


def server_samples(server: float | ArrayLike, samples: int, seed: int) -> Ids:
    """Return which samples a server holds, whoever holds them besides.

    Parameters
    ----------
    server : float or array_like of int
        The share of all samples, above 0 and up to 1, or their indices.
    samples : int
        How many samples there are.
    seed : int
        At least 0; a share is drawn uniformly, without replacement.

    Returns
    -------
    ndarray of int64
        The indices, at least one; those of a share in ascending order.

    Raises
    ------
    InputError
        If a share or an index is out of range, or an index there twice.

    Examples
    --------
    >>> server_samples([4, 0], samples=5, seed=0)
    array([4, 0])
    >>> len(server_samples(0.4, samples=5, seed=0))
    2
    """
    if isinstance(server, str | bool) or np.ndim(server) == 0:
        share = float("nan") if isinstance(server, str | bool) else as_number(server)
        if not 0.0 < share <= 1.0:
            raise InputError(
                f"server = {shown(server)} is no share of the samples: give a number above 0 and up to 1, or the "
                "samples' indices."
            )
        count = max(1, round(share * samples))
        return np.sort(generator(seed, "partition", "server").choice(samples, size=count, replace=False))
    given = np.asarray(server)
    if given.ndim != 1:
        raise InputError(f"server has shape {given.shape}: give a list of indices, or a share of the samples.")
    if given.size == 0:
        raise InputError("server holds no samples: give indices, a share of the samples, or leave it out.")
    if given.dtype.kind not in "iu":
        raise InputError("server holds numbers that are no indices: give integers, or a share of the samples.")
    for index in given.tolist():
        if not 0 <= index < samples:
            raise InputError(
                f"server holds the index {index}, but there are {samples} samples: give 0 to {samples - 1}."
            )
    places, counts = np.unique(given, return_counts=True)
    if counts.max() > 1:
        raise InputError(f"server holds the index {places[counts.argmax()]} twice: give each sample once.")
    return given.astype(np.int64)


def contiguous(samples: int, clients: int) -> Ids:
    """Give each client one block of consecutive samples; block sizes differ by at most one.

    Parameters
    ----------
    samples : int
        How many samples there are, at least 1.
    clients : int
        How many clients share them, from 1 to `samples`.

    Returns
    -------
    ndarray, shape (samples,), int64
        The client of each sample, 0..clients-1.

    Raises
    ------
    InputError
        If a count is not an integer of at least 1, or there are more clients than samples.

    Examples
    --------
    >>> contiguous(5, 2)
    array([0, 0, 0, 1, 1])
    """
    samples, clients = _counts(samples, clients)
    return np.arange(samples, dtype=np.int64) * clients // samples


def shuffled(samples: int, clients: int, seed: int) -> Ids:
    """Deal the samples out at random; the clients' shares differ by at most one sample.

    Parameters
    ----------
    samples : int
        How many samples there are, at least 1.
    clients : int
        How many clients share them, from 1 to `samples`.
    seed : int
        At least 0; the same seed gives the same partition.

    Returns
    -------
    ndarray, shape (samples,), int64
        The client of each sample, 0..clients-1.

    Raises
    ------
    InputError
        If a count is not an integer of at least 1, there are more clients than samples, or the seed is
        negative.

    Examples
    --------
    >>> np.bincount(shuffled(10, 3, seed=0)).tolist()
    [4, 3, 3]
    """
    return generator(seed, "partition", "shuffled").permutation(contiguous(samples, clients))


def by_label(labels: ArrayLike, clients: int) -> Ids:
    """Sort the samples by label, then cut them into blocks: the most unlike clients that equal shares allow.

    Samples with the same label keep their order, so the result depends on nothing but the arguments.

    Parameters
    ----------
    labels : array_like, shape (samples,)
        One label per sample, of any type that sorts.
    clients : int
        How many clients share the samples, from 1 to their number.

    Returns
    -------
    ndarray, shape (samples,), int64
        The client of each sample, 0..clients-1.

    Raises
    ------
    InputError
        If `labels` is not one-dimensional, `clients` is not an integer of at least 1, or there are more
        clients than samples.

    Examples
    --------
    >>> by_label([1, -1, 1, -1], 2)
    array([1, 0, 1, 0])
    """
    labels = _labels(labels)
    blocks = contiguous(len(labels), clients)
    ids = np.empty_like(blocks)
    ids[np.argsort(labels, kind="stable")] = blocks
    return ids


def dirichlet(labels: ArrayLike, clients: int, alpha: float, seed: int) -> Ids:
    """Share out each label's samples in proportions drawn from a symmetric Dirichlet distribution.

    A small `alpha` puts nearly all samples of a label on one client, a large one spreads them evenly. A
    client that the draw leaves empty takes one sample of whichever client then holds most.

    Parameters
    ----------
    labels : array_like, shape (samples,)
        One label per sample, of any type that sorts.
    clients : int
        How many clients share the samples, from 1 to their number.
    alpha : float
        The concentration, positive and finite.
    seed : int
        At least 0; the same seed gives the same partition.

    Returns
    -------
    ndarray, shape (samples,), int64
        The client of each sample, 0..clients-1.

    Raises
    ------
    InputError
        If `labels` is not one-dimensional, `clients` is not an integer of at least 1, there are more clients
        than samples, `alpha` is not positive and finite, or the seed is negative.

    References
    ----------
    Hsu, Qi and Brown, "Measuring the effects of non-identical data distribution for federated visual
    classification", 2019, arXiv:1909.06335.

    Examples
    --------
    >>> ids = dirichlet([0] * 50 + [1] * 50, 4, alpha=0.1, seed=0)
    >>> np.unique(ids).tolist()
    [0, 1, 2, 3]
    """
    labels = _labels(labels)
    samples, clients = _counts(len(labels), clients)
    value = as_number(alpha)
    if not 0.0 < value < np.inf:
        raise InputError(f"alpha = {shown(alpha)} is not a concentration: give a positive finite number.")
    # Further out the draw is one client, or equal shares, up to rounding; and numpy's sampler overflows.
    concentration = np.full(clients, min(max(value, 1e-12), 1e12))
    random = generator(seed, "partition", "dirichlet")
    ids = np.empty(samples, dtype=np.int64)
    _, classes = np.unique(labels, return_inverse=True)
    for label in range(classes.max() + 1):
        members = random.permutation(np.flatnonzero(classes == label))
        shares = np.cumsum(random.dirichlet(concentration))
        # Cutting at rounded cumulative shares hands out every sample exactly once.
        cuts = np.rint(shares[:-1] * len(members)).astype(np.int64)
        ids[members] = np.searchsorted(cuts, np.arange(len(members)), side="right")
    return _without_empty_clients(ids, clients)


def given(ids: ArrayLike, samples: int, clients: int) -> Ids:
    """Check a partition that the user made.

    Parameters
    ----------
    ids : array_like of int, shape (samples,)
        The client of each sample; every id of 0..clients-1 is used.
    samples : int
        How many samples there are, at least 1.
    clients : int
        How many clients there are, from 1 to `samples`.

    Returns
    -------
    ndarray, shape (samples,), int64
        A copy of `ids`.

    Raises
    ------
    InputError
        If `ids` does not hold one integer per sample, or leaves a client of 0..clients-1 without samples.

    Examples
    --------
    >>> given([0, 1, 1], samples=3, clients=2)
    array([0, 1, 1])
    """
    rule = "give one integer client id per sample, counted from 0"
    refuse_mask("partition", ids)
    try:
        array = np.asarray(ids)
    except ValueError as error:
        raise InputError(f"partition = {_short(ids)} is not an array of one dimension: {rule}.") from error
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(
            f"partition = {_short(ids)} has shape {array.shape} and type {array.dtype}: {rule}, or the name "
            f"of a partition ({', '.join(NAMES)})."
        )
    used = np.unique(array)
    samples, clients = _counts(samples, clients)
    if len(array) != samples:
        raise InputError(f"partition has {len(array)} client ids for {samples} samples: {rule}.")
    if used[0] < 0 or used[-1] >= clients:
        wrong = used[0] if used[0] < 0 else used[-1]
        raise InputError(
            f"partition holds the client id {wrong}, which is not in 0..{clients - 1}: {rule}, or change clients."
        )
    if len(used) < clients:
        # The ids are sorted and start in range, so the first one that is off its place shows the gap.
        gaps = np.flatnonzero(used != np.arange(len(used)))
        empty = gaps[0] if gaps.size else len(used)
        raise InputError(
            f"partition leaves client {empty} of 0..{clients - 1} without samples: number the clients "
            "without gaps, or change clients."
        )
    return array.astype(np.int64)


def assign(partition: str | ArrayLike, labels: ArrayLike, clients: int, seed: int = 0, alpha: float = 1.0) -> Ids:
    """Make the partition of that name, or check the one given.

    Parameters
    ----------
    partition : {"contiguous", "shuffled", "by_label", "dirichlet"} or array_like of int, shape (samples,)
        The name of a partition ("label" is short for "by_label"), or the client of each sample.
    labels : array_like, shape (samples,)
        One label per sample.
    clients : int
        How many clients share the samples, from 1 to their number.
    seed : int
        At least 0; used by "shuffled" and "dirichlet".
    alpha : float
        The concentration of "dirichlet", positive and finite.

    Returns
    -------
    ndarray, shape (samples,), int64
        The client of each sample, 0..clients-1.

    Raises
    ------
    InputError
        If the name is not known, or the partition cannot be made from the other arguments.

    Examples
    --------
    >>> assign("by_label", [1, -1, 1, -1], 2)
    array([1, 0, 1, 0])
    >>> assign([0, 0, 1, 2], [1, -1, 1, -1], 3)
    array([0, 0, 1, 2])
    """
    labels = _labels(labels)
    if not isinstance(partition, str):
        return given(partition, len(labels), clients)
    match full_name(partition):
        case "contiguous":
            return contiguous(len(labels), clients)
        case "shuffled":
            return shuffled(len(labels), clients, seed)
        case "by_label":
            return by_label(labels, clients)
        case "dirichlet":
            return dirichlet(labels, clients, alpha, seed)
        case _:
            raise unknown("partition", partition, NAMES)


def _counts(samples: int, clients: int) -> tuple[int, int]:
    """Return both counts as integers, or say which one cannot be used."""
    samples, clients = checked_count("samples", samples), checked_count("clients", clients)
    if clients > samples:
        raise InputError(
            f"clients = {clients} is more than the {samples} samples: every client needs a sample, so give "
            f"at most clients = {samples}, or more data."
        )
    return samples, clients


def _labels(labels: ArrayLike) -> np.ndarray:
    """Return the labels as an array of one dimension."""
    array = checked_labels("labels", labels)
    if array.ndim != 1:
        raise InputError(f"labels has shape {array.shape}: give one label per sample, in one dimension.")
    return array


def _without_empty_clients(ids: Ids, clients: int) -> Ids:
    """Move the last sample of the largest client to an empty one, until none is empty; changes `ids`."""
    sizes = np.bincount(ids, minlength=clients)
    order = np.argsort(ids, kind="stable")
    ends = np.cumsum(sizes)
    for empty in np.flatnonzero(sizes == 0):
        donor = np.argmax(sizes)
        ends[donor] -= 1
        sizes[donor] -= 1
        sizes[empty] = 1
        ids[order[ends[donor]]] = empty
    return ids


def _short(value: object) -> str:
    """Return the value as a user would write it, cut to fit in a sentence."""
    text = " ".join(shown(value).split())
    return text if len(text) <= 40 else f"{text[:37]}..."
