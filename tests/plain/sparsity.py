"""The kinds of pruning of Meinhardt, Yi, Condat and Richtárik, "Prune at the Clients, Not the Server" (2024)."""

import numpy as np

from .compressors import keep_largest
from .local_training import Scaffnew, mean


class Pruned(Scaffnew):
    """Scaffnew with a place for pruning of every kind; T(x) keeps the k largest coordinates."""

    def at(self, x, k):
        """Return where the gradient is taken."""
        return x

    def local(self, x_hat, k):
        """Return what a local step ends with."""
        return x_hat

    def sent(self, x_hat, k):
        """Return what a client sends."""
        return x_hat

    def received(self, m, params):
        """Return what the server makes of the mean."""
        return m

    def followed(self, m, x):
        """Return what the control variates follow, the mean or what the server has made of it."""
        return x

    def step(self, problem, params, state, coin):
        (x, h), k = state, getattr(params, "k", None)
        x_hat = self.local(x - params.gamma * (problem.gradients_at(self.at(x, k)) - h), k)
        if not coin:
            return x_hat, h
        sent = self.sent(x_hat, k)
        m = mean(sent)
        x = self.received(m, params)
        return x, h + params.p / params.gamma * (self.followed(m, x) - sent)


class SparseProxSkip(Pruned):
    """Pruned before it is sent."""

    LIKE = "sparse_proxskip"

    def sent(self, x_hat, k):
        return keep_largest(x_hat, k)


class SparseProxSkipLocal(Pruned):
    """Pruned after every local step."""

    LIKE = "sparse_proxskip_local"

    def local(self, x_hat, k):
        return keep_largest(x_hat, k)


class SparseProxSkipSTE(SparseProxSkip):
    """Straight-through: gradients at the pruned model, and pruned before it is sent."""

    LIKE = "sparse_proxskip_ste"

    def at(self, x, k):
        return keep_largest(x, k)


class SparseProxSkipServer(Pruned):
    """The server prunes the mean, and the control variates follow what it sends."""

    LIKE = "sparse_proxskip_server"

    def received(self, m, params):
        return keep_largest(m, params.k)


class SparseProxSkipServerKept(SparseProxSkipServer):
    """The same, but the control variates follow the mean."""

    LIKE = "sparse_proxskip_server_kept"

    def followed(self, m, x):
        return m


class SparseProxSkipServerSoft(Pruned):
    """The server thresholds the mean at γλ/p."""

    LIKE = "sparse_proxskip_server_soft"

    def received(self, m, params):
        return np.sign(m) * np.maximum(np.abs(m) - params.gamma * params.lam / params.p, 0.0)
