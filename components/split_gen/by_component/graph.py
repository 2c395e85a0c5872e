"""Connected components of a graph that is nowhere whole: NumPy functions on blocks of its edges.

A node is a 64-bit key, an edge two of them. Each round makes two passes over the edges, after
Kiveris et al., "Connected Components in MapReduce and Beyond" (SoCC 2014), with m(u) the smallest
of u and its neighbours:

* large-star: each node u ties its larger neighbours to m(u);
* small-star: each node u ties itself and its smaller neighbours to m(u).

Connectivity stays, edges get no more, and after some rounds every component is a star around its
smallest node; their number is seen to grow as the logarithm of the nodes does. Whatever edges are
together in memory are replaced by stars at once (`contract`), so that most graphs need few rounds.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from components.common.hashing import U64


class Links(NamedTuple):
    """Edges from a larger key to a smaller one, both [n]; `changed`: how many were replaced."""

    larger: U64
    smaller: U64
    changed: int = 0


class Groups(NamedTuple):
    """Distinct keys in order, [g]; the order to take values in, [n]; where groups start, [g]."""

    key: U64
    order: npt.NDArray[np.intp]
    start: npt.NDArray[np.intp]


def grouped(key: U64) -> Groups:
    """Groups n values by their key; `ufunc.reduceat(values[order], start)` then reduces each."""
    order = np.argsort(key, kind="stable")
    in_order = key[order]
    first = np.ones(len(key), dtype=bool)
    first[1:] = in_order[1:] != in_order[:-1]
    start = np.flatnonzero(first)
    return Groups(in_order[start], order, start)


def contract(left: U64, right: U64) -> Links:
    """Replaces edges by stars that connect the same nodes, each around its smallest.

    Stars come back as they are, each edge once and in order.

    Args:
      left, right: the nodes of each edge, [n].
    """
    nodes, index = np.unique(np.concatenate([left, right]), return_inverse=True)
    a, b = index[: len(left)], index[len(left) :]
    shape = (len(nodes), len(nodes))
    matrix = sparse.coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=shape)
    count, component = csgraph.connected_components(matrix, directed=False)
    first = np.empty(count, dtype=np.intp)
    first[component[::-1]] = np.arange(len(nodes))[::-1]  # The last that is written stays.
    root = first[component]
    changed = int((root[np.maximum(a, b)] != np.minimum(a, b)).sum())
    leaf = np.flatnonzero(root != np.arange(len(nodes)))
    return Links(nodes[leaf], nodes[root[leaf]], changed)


def minima(node: U64, other: U64) -> tuple[U64, U64]:
    """The smallest `other` of each node: distinct nodes in order, [m], and those minima, [m]."""
    groups = grouped(node)
    if not len(node):
        return groups.key, groups.key
    return groups.key, np.minimum.reduceat(other[groups.order], groups.start)


def large_star(node: U64, other: U64, smallest: U64) -> Links:
    """Ties the larger neighbours of nodes to the smallest.

    Args:
      node, other: edges seen from one of their nodes, [n].
      smallest: of the node and all its neighbours, [n].
    """
    larger = other > node
    return Links(other[larger], smallest[larger], int((smallest != node)[larger].sum()))


def small_star(node: U64, other: U64, smallest: U64) -> Links:
    """Ties nodes and their smaller neighbours to the smallest.

    Args:
      node, other: edges seen from their larger node, [n].
      smallest: of all smaller neighbours of the node, [n].
    """
    rest = other != smallest
    return Links(
        np.concatenate([node, other[rest]]),
        np.concatenate([smallest, smallest[rest]]),
        int(rest.sum()),
    )


def lookup(key: U64, known: U64, value: U64) -> U64:
    """The value of each key, [n], in a table of sorted distinct keys, [m]; else the key itself."""
    if not len(known):
        return key
    index = np.minimum(np.searchsorted(known, key), len(known) - 1)
    return np.where(known[index] == key, value[index], key)


def is_in(key: U64, known: U64) -> npt.NDArray[np.bool_]:
    """Whether each key, [n], is among sorted ones, [m]."""
    if not len(known):
        return np.zeros(len(key), dtype=bool)
    return known[np.minimum(np.searchsorted(known, key), len(known) - 1)] == key
