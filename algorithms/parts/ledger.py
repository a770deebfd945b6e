"""A ledger of blocks: each holds the digest of a round's models, and of the block before it, behind a proof of work.

The models themselves are not in it. Who has them can tell whether they are those of the block; who changes a block has
to do the work of that one and of all later ones again.
"""

from hashlib import sha256
from typing import NamedTuple

import numpy as np

from ...core.errors import InputError, shown

#: The length of a block's header in numbers of 64 bits: two digests of four, the miner, the time and the nonce.
NUMBERS = 11
#: A first block follows none.
FIRST = "0" * 64
# Two to this power are hashes of a tenth of a second.
_MOST_BITS = 16
_DIGEST_BITS = 256


class Block(NamedTuple):
    """The header of a block."""

    previous: str
    """The hash of the block before, 64 hexadecimal digits."""
    digest: str
    """That of the models which were told, likewise."""
    miner: int
    """The client that has mined it."""
    time: float
    """When that was."""
    nonce: int
    """What makes the first bits of the block's own hash 0."""

    @property
    def hash(self) -> str:
        """The block's own hash, of all of its fields."""
        return sha256(repr(tuple(self)).encode()).hexdigest()


def digest(models: np.ndarray) -> str:
    """Return the hash of models, of every bit of each and of their number.

    Examples
    --------
    >>> digest(np.zeros((2, 3))) == digest(np.zeros((3, 2)))
    False
    """
    values = np.ascontiguousarray(models, dtype="<f8")
    return sha256(f"{values.shape}".encode() + values.tobytes()).hexdigest()


class Ledger:
    """Blocks in a row.

    Parameters
    ----------
    bits : int
        How many of the first bits of each block's hash must be 0, from 0, which is no work, to 16.

    Attributes
    ----------
    blocks : list of Block
        The blocks, the oldest first.
    hashes : int
        How many hashes the work of all blocks took.

    Raises
    ------
    InputError
        If ``bits`` is out of range.

    Examples
    --------
    >>> ledger = Ledger(bits=4)
    >>> models = [np.eye(2), 2.0 * np.eye(2)]
    >>> for time, model in enumerate(models):
    ...     ledger.mine(model, miner=time, time=float(time))
    >>> ledger.wrong(models) is None
    True
    >>> ledger.blocks[0] = ledger.blocks[0]._replace(miner=1)
    >>> ledger.wrong()
    0
    """

    def __init__(self, bits: int = 8) -> None:
        if isinstance(bits, bool) or not isinstance(bits, int | np.integer) or not 0 <= bits <= _MOST_BITS:
            raise InputError(
                f"bits = {shown(bits)} is no difficulty: give an integer from 0, no work, to {_MOST_BITS}."
            )
        self.bits = int(bits)
        self.blocks: list[Block] = []
        self.hashes = 0

    def mine(self, models: np.ndarray, miner: int, time: float) -> None:
        """Append a block of some models.

        Parameters
        ----------
        models : ndarray, shape (n, d)
            What the clients have told.
        miner : int
            Who mines the block.
        time : float
            When.
        """
        previous = self.blocks[-1].hash if self.blocks else FIRST
        self.blocks.append(self._worked(Block(previous, digest(models), miner, time, 0)))

    def forge(self, place: int, models: np.ndarray) -> None:
        """Put other models in a block, and do its work and that of all later ones again: then it is right again."""
        block = self.blocks[place]._replace(digest=digest(models))
        for at in range(place, len(self.blocks)):
            self.blocks[at] = self._worked(block)
            if at + 1 < len(self.blocks):
                block = self.blocks[at + 1]._replace(previous=self.blocks[at].hash)

    def wrong(self, models: list[np.ndarray] | None = None) -> int | None:
        """Return the first block that is wrong, None if there is none.

        Parameters
        ----------
        models : list of ndarray, optional
            What was told for each block: then their digests are held against it, and the number of blocks.
        """
        previous = FIRST
        for place, block in enumerate(self.blocks):
            is_told = models is None or (place < len(models) and block.digest == digest(models[place]))
            if block.previous != previous or not self._is_worked(block) or not is_told:
                return place
            previous = block.hash
        return None if models is None or len(models) == len(self.blocks) else len(self.blocks)

    def _worked(self, block: Block) -> Block:
        nonce = 0
        while not self._is_worked(block._replace(nonce=nonce)):
            nonce += 1
        self.hashes += nonce + 1
        return block._replace(nonce=nonce)

    def _is_worked(self, block: Block) -> bool:
        return int(block.hash, 16) >> (_DIGEST_BITS - self.bits) == 0
