import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from tfx.components.example_gen import base_example_gen_executor
from tfx.proto import example_gen_pb2

from components.common import hashing
from relation.core import splitmix

U64 = st.integers(0, 2**64 - 1)


def test_hash_is_pinned_so_that_data_made_today_is_made_the_same_tomorrow():
    actual = hashing.hash_values([b"", b"a", b"\x00\xff\n", "😀".encode()], integers=False)
    assert [hex(value) for value in actual.tolist()] == PINNED


PINNED = ["0x9df1a1b223584e24", "0xe3013e779d2658f4", "0xe3f9b926bd4e7c1", "0x61c920b6c782adf8"]


def siphash(data: bytes, key: bytes) -> int:
    """SipHash-2-4 as in the paper (Aumasson, Bernstein 2012)."""
    mask = 2**64 - 1
    k0, k1 = (int.from_bytes(key[at : at + 8], "little") for at in (0, 8))
    v = [
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    ]

    def quarter_round(a: int, b: int, by: int) -> None:
        v[a] = (v[a] + v[b]) & mask
        v[b] = ((v[b] << by | v[b] >> 64 - by) & mask) ^ v[a]

    def rounds(count: int) -> None:
        for _ in range(count):
            quarter_round(0, 1, 13)
            v[0] = (v[0] << 32 | v[0] >> 32) & mask
            quarter_round(2, 3, 16)
            quarter_round(0, 3, 21)
            quarter_round(2, 1, 17)
            v[2] = (v[2] << 32 | v[2] >> 32) & mask

    padded = data + b"\0" * (7 - len(data) % 8) + bytes([len(data) % 256])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


@given(st.binary(max_size=40))
def test_hash_is_siphash_and_the_finalizer_of_splitmix(data):
    expected = siphash(data, b"relata bytes key")
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        expected = (expected ^ expected >> shift) * factor % 2**64
    assert int(hashing.hash_values([data], integers=False)[0]) == expected


def test_hash_takes_integers_apart_from_bytes_that_look_the_same():
    assert hashing.hash_values([b"12"], integers=True) != hashing.hash_values(
        [b"12"], integers=False
    )


def test_hash_of_nothing():
    assert hashing.hash_values([], integers=False).shape == (0,)


def test_mix_is_splitmix64():
    # The first outputs of SplitMix64 seeded with 0 (reference implementation, prng.di.unimi.it).
    golden = 0x9E3779B97F4A7C15
    states = np.array([golden, 2 * golden % 2**64, 3 * golden % 2**64], dtype=np.uint64)
    assert [hex(x) for x in splitmix.mix(states).tolist()] == [
        "0xe220a8397b1dcdaf",
        "0x6e789e6aa1b965f4",
        "0x6c45d188009454f",
    ]


@given(U64, U64)
def test_scale_is_the_high_half_of_the_product(word, size):
    actual = splitmix.multiply_shift(np.array([word], dtype=np.uint64), size)
    assert int(actual[0]) == word * size >> 64


def test_words_differ_by_each_of_their_arguments():
    key, slot = np.array([5], dtype=np.uint64), np.array([1])
    actual = {
        int(splitmix.random_bits(seed, purpose, key + np.uint64(extra), slot + more)[0])
        for seed in (1, 2)
        for purpose in (1, 2)
        for extra in (0, 1)
        for more in (0, 1)
    }
    assert len(actual) == 16


def test_words_take_the_largest_seed():
    splitmix.random_bits(2**63 - 1, 3, np.array([2**64 - 1], dtype=np.uint64), np.array([1000]))


def test_splits_are_those_of_example_gen():
    config = example_gen_pb2.SplitConfig(partition_feature_name="id")
    buckets, ends = [3, 1, 2], [3, 4, 6]
    for number in range(200):
        for as_int in (True, False):
            example = tf.train.Example()
            if as_int:
                example.features.feature["id"].int64_list.value.append(number * 10**12 - 7)
            else:
                example.features.feature["id"].bytes_list.value.append(b"\xff%d" % number)
            serialized = example.features.feature["id"].SerializeToString(deterministic=True)
            expected = base_example_gen_executor._PartitionFn(example, 3, ends, config)
            assert hashing.split_of(serialized, buckets) == expected


SIZES = st.one_of(
    st.integers(1, 2**52),
    st.integers(0, 52).map(lambda power: 2**power),
    st.integers(1, 52).flatmap(lambda power: st.sampled_from([2**power - 1, 2**power - 2 or 1])),
)


@given(st.one_of(st.sampled_from([0, 1, 2**11 - 1, 2**63, 2**64 - 1, 2**64 - 2**11]), U64), SIZES)
def test_small_scale_stays_below_the_size_and_is_the_product_of_53_bits(word, size):
    actual = int(
        splitmix.small_multiply_shift(np.array([word], dtype=np.uint64), np.array([size]))[0]
    )
    assert 0 <= actual < size
    exact = (word >> 11) * size >> 53
    assert exact <= actual <= exact + 1  # Rounding may reach the next number, never the size.
    if size <= 2**20 and (word >> 11) * size % 2**53 < 2**53 - size:
        assert actual == exact


def test_small_scale_cuts_words_into_equal_stretches():
    size = 7
    edges = [-(-(rank << 64) // size) for rank in range(size)]
    for rank, edge in enumerate(edges):
        step = 1 << 11  # Words are told apart by their upper 53 bits.
        near = np.array([(edge & -step) + step, max(edge - step, 0)], dtype=np.uint64)
        assert splitmix.small_multiply_shift(near, np.array([size])).tolist() == [
            rank,
            max(rank - 1, 0),
        ]
