"""Connected components of a graph too large for memory: NumPy functions on parts of its edges.

A node is a 64-bit key, an edge two of them. Each round makes two passes over the edges, after
Kiveris et al., "Connected Components in MapReduce and Beyond" (SoCC 2014), with m(u) the smallest
of u and its neighbours:

* large-star: each node u ties its larger neighbours to m(u);
* small-star: each node u ties itself and its smaller neighbours to m(u).

A round keeps connectivity and adds no edge. After some rounds every component is a star around its
smallest node; the number of rounds grew with the logarithm of the nodes in all trials. Edges that
are in memory together are replaced by stars at once (`contract`), so most graphs need few rounds.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from components.common.hashing import U64


class Links(NamedTuple):
    """Edges from a larger key to a smaller one.

    Attributes:
      larger, smaller: keys, uint64 [n].
      changed: number of edges that differ from those before.
    """

    larger: U64
    smaller: U64
    changed: int = 0


class Groups(NamedTuple):
    """n values in g groups.

    Attributes:
      key: the distinct keys, ascending, uint64 [g].
      order: indices that sort the values by key, int64 [n].
      start: index in that order at which each group starts, int64 [g].
    """

    key: U64
    order: npt.NDArray[np.intp]
    start: npt.NDArray[np.intp]


def grouped(key: U64) -> Groups:
    """Groups n values by their keys, uint64 [n].

    `ufunc.reduceat(values[order], start)` then reduces each group.
    """
    order = np.argsort(key, kind="stable")
    in_order = key[order]
    first = np.ones(len(key), dtype=bool)
    first[1:] = in_order[1:] != in_order[:-1]
    start = np.flatnonzero(first)
    return Groups(in_order[start], order, start)


def contract(left: U64, right: U64) -> Links:
    """Replaces edges by stars that connect the same nodes, each around its smallest node.

    Stars are returned unchanged, each edge once and in order.

    >>> stars = contract(np.uint64([3, 5, 9]), np.uint64([5, 7, 8]))
    >>> stars.larger.tolist(), stars.smaller.tolist()
    ([5, 7, 9], [3, 3, 8])

    Args:
      left, right: the nodes of each edge, uint64 [n].
    """
    nodes, index = np.unique(np.concatenate([left, right]), return_inverse=True)
    a, b = index[: len(left)], index[len(left) :]
    shape = (len(nodes), len(nodes))
    matrix = sparse.coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=shape)
    count, component = csgraph.connected_components(matrix, directed=False)
    first = np.empty(count, dtype=np.intp)
    first[component[::-1]] = np.arange(len(nodes))[::-1]  # The last assignment to an index wins.
    root = first[component]
    changed = int((root[np.maximum(a, b)] != np.minimum(a, b)).sum())
    leaf = np.flatnonzero(root != np.arange(len(nodes)))
    return Links(nodes[leaf], nodes[root[leaf]], changed)


def minima(node: U64, other: U64) -> tuple[U64, U64]:
    """The smallest `other` of each node.

    Args:
      node, other: uint64 [n].

    Returns:
      The distinct nodes, ascending, and their minima, uint64 [m] each.
    """
    groups = grouped(node)
    if not len(node):
        return groups.key, groups.key
    return groups.key, np.minimum.reduceat(other[groups.order], groups.start)


def large_star(node: U64, other: U64, smallest: U64) -> Links:
    """Ties the larger neighbours of nodes to the smallest.

    Args:
      node, other: edges seen from one of their nodes, uint64 [n].
      smallest: the smallest of the node and all its neighbours, uint64 [n].
    """
    larger = other > node
    return Links(other[larger], smallest[larger], int((smallest != node)[larger].sum()))


def small_star(node: U64, other: U64, smallest: U64) -> Links:
    """Ties nodes and their smaller neighbours to the smallest.

    Args:
      node, other: edges seen from their larger node, uint64 [n].
      smallest: the smallest of all smaller neighbours of the node, uint64 [n].
    """
    rest = other != smallest
    return Links(
        np.concatenate([node, other[rest]]),
        np.concatenate([smallest, smallest[rest]]),
        int(rest.sum()),
    )


def lookup(key: U64, table: U64, value: U64) -> U64:
    """Looks up keys in a table; a key that is not there is its own value.

    >>> lookup(np.uint64([1, 4]), np.uint64([2, 4]), np.uint64([8, 9])).tolist()
    [1, 9]

    Args:
      key: uint64 [n].
      table: distinct keys, ascending, uint64 [m].
      value: the value of each key of the table, uint64 [m].

    Returns:
      uint64 [n].
    """
    if not len(table):
        return key
    index = np.minimum(np.searchsorted(table, key), len(table) - 1)
    return np.where(table[index] == key, value[index], key)


def is_in(key: U64, table: U64) -> npt.NDArray[np.bool_]:
    """Whether each key, uint64 [n], is in an ascending table, uint64 [m]: bool [n]."""
    if not len(table):
        return np.zeros(len(key), dtype=bool)
    return table[np.minimum(np.searchsorted(table, key), len(table) - 1)] == key
