"""What does not fit is refused: the message names file, field, received value and expectation."""

import re
from typing import Any

import pytest

from relation.core.errors import RecipeError
from relation.load import load_recipe
from tests.relation.systems import (
    ABSENT,
    BUYS,
    ITEM,
    PICTURE,
    SCHEMAS,
    SYSTEMS,
    USER,
    VOTES,
    load,
    system,
    write,
)

NEGATIVES = "relation.sampling.negatives"
GIVEN = {"draw": "given", "edges": "mined", "probability": "likeness"}
PATHS = {"train": "train-*", "eval": "eval-*"}
Case = tuple[str, dict[str, Any], str]

DATA: list[Case] = [
    ("label_pairs", {"data.entities.item.id": "nr"}, r"data\.entities\.item\.id: got 'nr'; expected a feature of .*item\.pbtxt: sku, brand"),
    ("label_pairs", {"data.entities.item.id": "photo"}, r"data\.entities\.item\.id: got 'photo', an image or a float; expected a feature of bytes or integers: sku, brand, shop, tags, views, year$"),
    ("label_pairs", {"data.entities.item.id": "tags"}, r"data\.entities\.item\.id: got 'tags', a feature of 3 values; expected one$"),
    ("label_pairs", {"data.entities.item.path": ABSENT}, r"data\.entities\.item: missing; expected a `path`, or a `generator`$"),
    ("label_pairs", {"data.entities.item.generator": "some.items"}, r"data\.entities\.item: got .*; only one of `path` and `generator` may be given$"),
    ("label_pairs", {"data.entities.item": {**ITEM, "path": PATHS}}, r"data\.entities\.item\.path: got \{'train': .*\}; expected one glob, unless data\.split\.unit is `files`$"),
    ("label_pairs", {"data.split.unit": "files"}, r"data\.entities\.item\.path: got 'items-\*'; expected a glob for `train` and for `eval`, since data\.split\.unit is `files`$"),
    ("label_pairs", {"data.split.unit": "files", "data.entities.item.path": {"train": "a"}}, r"data\.entities\.item\.path: got \{'train': 'a'\}; expected a glob for `train` and for `eval`$"),
    ("label_pairs", {"data.split.unit": "files", "data.entities.item": {"schema": "item.pbtxt", "id": "sku", "generator": "some.items"}}, r"data\.entities\.item\.path: got None; expected a glob for `train`"),
    ("label_pairs", {"data.split": {"unit": "files", "train": 9}}, r"data\.split: got .*; unit 'files' takes no `train`, `eval` and `test`"),
    ("label_pairs", {"data.split": {"unit": "files", "test": 1}}, r"data\.split: got .*; unit 'files' takes no `train`, `eval` and `test`"),
    ("label_pairs", {"data.split.unit": "files", "data.entities.item.path": {"train": "a", "test": "b"}}, r"data\.entities\.item\.path: got .*; expected a glob for `train` and for `eval` and for `test`$"),
    ("label_pairs", {"data.split.test": -1}, r"data\.split\.test: got -1; input should be greater than or equal to 0$"),
    ("label_pairs", {"data.split.unit": "group"}, r"data\.split: got .*; unit 'group' needs a `feature`$"),
    ("label_pairs", {"data.split": {"unit": "entity", "feature": "shop"}}, r"data\.split: got .*; unit 'entity' takes no `feature`$"),
    ("label_pairs", {"data.split": {"unit": "group", "feature": "price"}}, r"data\.split\.feature: got 'price', an image or a float"),
    ("label_pairs", {"data.split": {"unit": "group", "feature": "tags"}}, r"data\.split\.feature: got 'tags', a feature of 3 values; expected one$"),
    ("label_pairs", {"data.split": {"unit": "time", "feature": "brand"}}, r"data\.split\.feature: got 'brand', a feature of bytes; expected numbers$"),
    ("label_pairs", {"data.split": {"unit": "time", "feature": "vector"}}, r"data\.split\.feature: got 'vector', a feature of 4 values; expected one$"),
    ("label_pairs", {"data.split.unit": "component"}, r"data\.split\.unit: got 'component'; expected another unit, or an edge list in data.edges that connects entities$"),
    ("label_pairs", {"data.split.unit": "week"}, r"data\.split\.unit: got 'week'; input should be 'entity', 'group', 'component', 'time' or 'files'$"),
    ("label_pairs", {"data.split.train": 0}, r"data\.split\.train: got 0; input should be greater than or equal to 1$"),
    ("edge_triplets", {"data.split": {"unit": "group", "feature": "age"}}, r"data\.split\.feature: got 'age'; expected a feature of .*item\.pbtxt"),
    ("edge_triplets", {"data.split": {"unit": "time", "feature": "noon", "shared": ["user", "item"]}}, r"data\.split\.feature: got 'noon'; expected a feature of .*votes\.pbtxt"),
    ("rows", {"data.split": {"unit": "group", "feature": "shop"}}, r"data\.split\.feature: got 'shop'; expected a feature of .*sketches\.pbtxt"),
    ("label_pairs", {"data.split.shared": ["shop"]}, r"data\.split\.shared: got 'shop'; expected an entity type: item$"),
    ("label_pairs", {"data.split.shared": ["item"]}, r"data\.split\.shared: got 'item'; without edges or rows that are split"),
    ("label_pairs", {"data.entities.item.format": "image_folder"}, r"data\.entities\.item\.format: got 'image_folder', which needs the features id, image, label"),
    ("label_pairs", {"data.edges": {"votes": VOTES}}, r"data\.edges\.votes: neither `relation` nor `split` uses it: remove it$"),
    ("label_pairs", {"data.edges": {"item": VOTES}, "data.split.unit": "component"}, r"data: got .*; 'item' names both an entity type and an edge list: rename one$"),
    ("label_pairs", {"data.entities.item.schema": "no.pbtxt"}, r"data\.entities\.item\.schema: got 'no\.pbtxt'; expected a file, but there is neither"),
    ("edge_pairs", {"data.edges.votes.schema": "no.pbtxt"}, r"data\.edges\.votes\.schema: got 'no\.pbtxt'; expected a file, but there is neither"),
    ("edge_pairs", {"data.edges.votes.left": ABSENT}, r"data\.edges\.votes\.left: missing; expected an entity type, and the column with its id$"),
    ("edge_pairs", {"data.edges.votes.right.entity": "user"}, r"data\.edges\.votes\.right\.entity: got 'user'; expected an entity type: item$"),
    ("edge_pairs", {"data.edges.votes.left.id": "c"}, r"data\.edges\.votes\.left\.id: got 'c'; expected a feature of .*votes\.pbtxt: a, b, buyer"),
    ("edge_pairs", {"data.edges.votes.left.id": "day"}, r"data\.edges\.votes\.left\.id: got 'day', of type int in .*votes\.pbtxt; expected bytes, the type of the id of item$"),
    ("edge_pairs", {"data.edges.votes.right.id": "a"}, r"data\.edges\.votes\.right\.id: got 'a'; expected a column other than that of the left end$"),
    ("edge_pairs", {"data.edges.votes.path": PATHS}, r"data\.edges\.votes\.path: got .*; expected one glob, unless"),
    ("edge_pairs", {"data.edges.votes.path": ABSENT}, r"data\.edges\.votes: got .*; exactly one of `path` and `generator` must be given$"),
    ("edge_pairs", {"data.edges.votes.weight": "link"}, r"data\.edges\.votes\.weight: got 'link', a feature of bytes; expected numbers$"),
    ("edge_pairs", {"data.edges.votes.format": "image_folder"}, r"data\.edges\.votes\.format: got 'image_folder'; input should be 'tfrecord', 'csv', 'parquet' or 'jsonl'$"),
    ("edge_pairs", {"data.entities.user": USER}, r"data\.entities: got 'user'; expected only types that the edges votes name: item$"),
    ("rows", {"data.entities.picture.path": "pictures-*"}, r"data\.entities\.picture\.path: got 'pictures-\*'; expected no path, since its rows come with the source$"),
    ("rows", {"data.entities.picture.generator": "some.pictures"}, r"data\.entities\.picture\.path: got 'some\.pictures'; expected no path, since its rows come with the source$"),
    ("rows", {"data.entities.picture.format": "csv"}, r"data\.entities\.picture\.format: got 'csv'; expected none, since its rows come with the source$"),
    ("rows", {"data.split.unit": "files"}, r"data\.edges\.sketches\.path: got 'sketches-\*'; expected a glob for `train` and for `eval`"),
    ("rows", {"data.edges.sketches.weight": "verdict"}, r"data\.edges\.sketches\.weight: unknown key for rows that hold tuples"),
    ("rows", {"data.edges.sketches.left": {"entity": "picture", "id": "target_id"}}, r"data\.edges\.sketches\.left: unknown key for rows that hold tuples; `relation` names their roles and label$"),
    ("tag_pairs", {"data.entities.tag.path": "tags-*"}, r"data\.entities\.tag\.path: got 'tags-\*'; expected no path, since its rows come with the source$"),
]  # fmt: skip

SOURCES: list[Case] = [
    ("label_pairs", {"relation.source.feature": "colour"}, r"relation\.source\.feature: got 'colour'; expected a feature of .*item\.pbtxt: sku"),
    ("label_pairs", {"relation.source.feature": "price"}, r"relation\.source\.feature: got 'price', an image or a float"),
    ("label_pairs", {"relation.source.feature": "sku"}, r"relation\.source\.feature: got 'sku'; expected a feature whose values rows share, not their id$"),
    ("ranked_pairs", {"relation.source.group": "id"}, r"relation\.source\.group: got 'id'; expected a feature whose values rows share"),
    ("label_pairs", {"relation.source.feature": ABSENT}, r"relation\.source\.feature: missing; it is required$"),
    ("label_pairs", {"relation.source.symmetric": True}, r"relation\.source\.symmetric: unknown key \(value True\); expected one of type, feature$"),
    ("label_pairs", {"relation.source.type": "graded_group"}, r"relation\.source\.type: got 'graded_group'; input should be one of 'same_label', 'edges', 'labels'$"),
    ("label_pairs", {"data.entities.user": USER}, r"data\.entities: got item, user; the source 'same_label' relates one entity type to itself$"),
    ("scored_pairs", {"data.entities.user": USER}, r"data\.entities: got item, user; the source 'function' relates one entity type"),
    ("scored_pairs", {"relation.source.function": "a b"}, r"relation\.source\.function: got 'a b'; string should match pattern"),
    ("scored_pairs", {"relation.source.width": 0}, r"relation\.source\.width: got 0; input should be greater than or equal to 1$"),
    ("edge_pairs", {"relation.source.edges": "links"}, r"relation\.source\.edges: got 'links'; expected one of data\.edges: votes$"),
    ("edge_pairs", {"data.edges": {}}, r"relation\.source\.edges: got 'votes'; expected one of data\.edges: \(there is none\)$"),
    ("edge_triplets", {"relation.source.symmetric": True}, r"relation\.source\.symmetric: got true; expected false, since an edge connects two entity types: user and item$"),
    ("edge_pairs", {"relation.source.label": "scalar"}, r"relation\.source\.label: got 'scalar'; data\.edges\.votes has no `value` column for it$"),
    ("edge_scalars", {"data.edges.votes.value": "link"}, r"data\.edges\.votes\.value: got 'link', a feature of bytes; expected numbers$"),
    ("edge_scalars", {"data.edges.votes.value": "aspects"}, r"data\.edges\.votes\.value: got 'aspects', a feature of 3 values; expected one$"),
    ("edge_scalars", {"data.edges.votes.value": "strength"}, r"data\.edges\.votes\.value: got 'strength'; expected a feature of .*votes\.pbtxt"),
    ("edge_vectors", {"data.edges.votes.value": "link"}, r"data\.edges\.votes\.value: got 'link', a feature of bytes; expected numbers$"),
    ("edge_classes", {"data.edges.votes.value": "buyer"}, r"data\.edges\.votes\.value: got 'buyer'; expected a feature whose values .*votes\.pbtxt lists in a string_domain"),
    ("edge_classes", {"data.edges.votes.value": "likeness"}, r"data\.edges\.votes\.value: got 'likeness', an image or a float"),
    ("edge_vectors", {"relation.source.positive_from": 1}, r"relation\.source: got .*; label: vector takes no `positive_from`, only scalar does$"),
    ("edge_pairs", {"relation.source.positive_from": 1}, r"relation\.source: got .*; label: binary takes no `positive_from`"),
    ("edge_triplets", {"data.edges.votes.value": "likeness", "relation.source.label": "scalar"}, r"relation\.source\.positive_from: missing; expected the lowest scalar value of a positive edge$"),
    ("edge_triplets", {"data.edges.votes.value": "aspects", "relation.source.label": "vector"}, r"relation\.source\.label: got 'vector'; only pairs can carry it, and the relation is of type triplets$"),
    ("edge_ntuples", {"data.edges.votes.value": "link", "relation.source.label": "class"}, r"relation\.source\.label: got 'class'; only pairs can carry it, and the relation is of type ntuples$"),
    ("edge_ntuples", {"relation.source.repeated": "keep"}, r"relation\.source\.repeated: got 'keep'; the positives of an n-tuple must be distinct: expected 'merge'$"),
    ("tag_pairs", {"relation.source.feature": "brand"}, r"relation\.source\.feature: got 'brand'; expected a feature whose values .*item\.pbtxt lists in a string_domain, or bounds in an int_domain"),
    ("tags", {"relation.source.feature": "views"}, r"relation\.source\.feature: got 'views'; expected a feature whose values"),
    ("tags", {"relation.source.feature": "vector"}, r"relation\.source\.feature: got 'vector', an image or a float"),
    ("tag_pairs", {"data.entities.tag": ABSENT}, r"data\.entities: got item; the source `labels` needs a second entity type, without a path"),
    ("tag_pairs", {"data.entities": {"item": ITEM, "picture": PICTURE}}, r"data\.entities\.picture\.schema: .*picture\.pbtxt has 'image'; labels have no feature except their id, 'id'$"),
    ("tag_pairs", {"relation.source.feature": "year"}, r"data\.entities\.tag\.id: got 'tag', of type bytes in .*tag\.pbtxt; expected int, the type of 'year'$"),
    ("tag_pairs", {"relation.source.confidence": "sure"}, r"relation\.source\.confidence: got 'sure'; only tags carry it, and the relation is of type pairs$"),
    ("tags", {"relation.source.confidence": "brand"}, r"relation\.source\.confidence: got 'brand', a feature of bytes; expected numbers$"),
    ("tags", {"relation.source.confidence": "price"}, r"relation\.source\.confidence: got 'price', of 1 values; expected 3, as 'tags' has$"),
    ("tags", {"relation.source.confidence": "vector"}, r"relation\.source\.confidence: got 'vector', of 4 values; expected 3, as 'tags' has$"),
    ("tag_pairs", {"data.entities.tag.path": "users-*"}, r"data\.entities\.tag\.path: got 'users-\*'; expected no path"),
    ("tags", {"data.entities.tag": {"schema": "tag.pbtxt", "id": "tag"}}, r"data\.entities: got item, tag; the source 'labels' relates one entity type to itself$"),
    ("tags", {"relation.sampling": {}}, r"relation\.sampling: unknown key \(value \{\}\); expected one of seed, memory_mb, type, source$"),
    ("ranked_pairs", {"relation.source.query": "query"}, r"relation\.source\.query: got 'query'; expected an entity type: document$"),
    ("ranked_pairs", {"relation.source.query": "document"}, r"data\.entities: got document; expected the documents' type and the query's$"),
    ("ranked_query", {"relation.source.query": ABSENT}, r"data\.entities: got query, document; expected the documents' type, or the query's type under relation\.source\.query$"),
    ("ranked_pairs", {"relation.source.grade": "query"}, r"relation\.source\.grade: got 'query', a feature of bytes; expected numbers$"),
    ("ranked_pairs", {"relation.source.grade": "stars"}, r"relation\.source\.grade: got 'stars'; expected a feature of .*document\.pbtxt"),
    ("lists", {"relation.source.group": "trust"}, r"relation\.source\.group: got 'trust', an image or a float"),
    ("query_lists", {"relation.source.group": "grade"}, r"data\.entities\.query\.id: got 'query', of type bytes in .*query\.pbtxt; expected int, the type of the group 'grade'$"),
    ("rows", {"relation.source.rows": "pairs"}, r"relation\.source\.rows: got 'pairs'; expected one of data\.edges: sketches$"),
    ("rows", {"relation.roles.target": "drawing"}, r"relation\.roles\.target: got 'drawing'; expected an entity type: picture$"),
    ("rows", {"relation.roles.mask": "picture"}, r"relation\.roles\.mask: .*sketches\.pbtxt has no feature 'mask_image', which the feature 'image' of entity type picture needs$"),
    ("rows", {"relation.roles": {}}, r"relation\.roles: got \{\}; mapping should have at least 1 item$"),
    ("rows", {"data.entities.other": PICTURE}, r"data\.entities: got 'other'; expected only types that relation\.roles name: picture$"),
    ("rows", {"relation.label": "rating"}, r"relation\.label: got 'rating'; expected a feature of .*sketches\.pbtxt"),
    ("rows", {"relation.label": "marks"}, r"relation\.label: got 'marks', a feature of 2 values; expected one$"),
    ("rows", {"relation.label": "target_id", "relation.label_kind": "class"}, r"relation\.label: got 'target_id'; expected a feature whose values"),
    ("rows", {"relation.label_kind": "image", "relation.label": "verdict"}, r"relation: got .*; label_kind: image needs two roles, and takes no `label`$"),
    ("rows", {"relation.label_kind": "class"}, r"relation: got .*; label_kind: class needs a `label`, the column that holds it$"),
]  # fmt: skip

SAMPLING: list[Case] = [
    ("label_pairs", {"relation.sampling.positives_per_anchor": "all"}, r"relation\.sampling\.positives_per_anchor: got 'all'; expected a number, since the pairs of a label grow with the square of its rows$"),
    ("label_triplets", {"relation.sampling.triplets_per_anchor": "all"}, r"relation\.sampling\.triplets_per_anchor: got 'all'"),
    ("label_ntuples", {"relation.sampling.tuples_per_anchor": "all"}, r"relation\.sampling\.tuples_per_anchor: got 'all'"),
    ("label_triplets", {"relation.sampling.triplets_per_anchor": 0}, r"relation\.sampling\.triplets_per_anchor: got 0; input should be greater than or equal to 1 or 'all'$"),
    ("label_triplets", {"relation.sampling.triplets_per_anchor": "many"}, r"relation\.sampling\.triplets_per_anchor: got 'many'; input should be a valid integer or 'all'$"),
    ("label_triplets", {"relation.sampling.positives_per_anchor": 1}, r"relation\.sampling\.positives_per_anchor: unknown key \(value 1\); expected one of .*; did you mean 'triplets_per_anchor'\?$"),
    ("label_ntuples", {"relation.sampling.negatives_per_tuple": 0}, r"relation\.sampling\.negatives_per_tuple: got 0; input should be greater"),
    ("label_pairs", {"relation.sampling": {"positives_per_anchor": 0, "negatives_per_anchor": 0}}, r"relation\.sampling: .*so no pair would be made$"),
    ("label_pairs", {"relation.sampling": {"positive_share": 0.5, "negatives_per_anchor": 2}}, r"relation\.sampling: .*only one of `positive_share` and `negatives_per_anchor`"),
    ("label_pairs", {"relation.sampling": {"positive_share": 0.5, "positives_per_anchor": 0}}, r"relation\.sampling: .*`positive_share` needs positives, but positives_per_anchor is 0$"),
    ("label_pairs", {"relation.sampling": {"positives_per_anchor": 0, "caps": {"positives_per_entity": 2}}}, r"relation\.sampling: .*`caps` limits positives, but the recipe asks for none$"),
    ("label_pairs", {"relation.sampling.positive_share": 1.5}, r"relation\.sampling\.positive_share: got 1\.5; input should be less than or equal to 1$"),
    ("label_pairs", {"relation.sampling": {"balance": 3, "caps": {"anchors_per_group": 2}}}, r"relation\.sampling: .*balance: it already sets the number of anchors per group; remove caps.anchors_per_group$"),
    ("label_pairs", {"relation.sampling.caps.negatives_per_entity": 1}, r"relation\.sampling\.caps: .*negatives_per_entity: a cap on negatives would falsify their probabilities"),
    ("label_pairs", {"relation.sampling.caps.anchors_per_group": 0}, r"relation\.sampling\.caps\.anchors_per_group: got 0; input should be greater"),
    ("label_pairs", {"relation.sampling.known_positives": 3}, r"relation\.sampling\.known_positives: got 3; expected 0, since all rows with a label are known positives of each other$"),
    ("label_pairs", {"relation.sampling.weight": "brand"}, r"relation\.sampling\.weight: got 'brand', a feature of bytes; expected numbers$"),
    ("label_pairs", {"relation.sampling.weight": "vector"}, r"relation\.sampling\.weight: got 'vector', a feature of 4 values; expected one$"),
    ("ranked_pairs", {"relation.sampling.weight": "text"}, r"relation\.sampling\.weight: got 'text', a feature of bytes; expected numbers$"),
    ("ranked_pairs", {"relation.sampling.weight": "clicks"}, r"relation\.sampling\.weight: got 'clicks'; expected a feature of .*document\.pbtxt"),
    ("edge_pairs", {"relation.sampling.weight": "price"}, r"relation\.sampling\.weight: got 'price'; the weight of an edge is a column of the edge list: name it in data\.edges$"),
    ("label_pairs", {"relation.sampling.caps.positives_per_entity": 3, "relation.sampling.negatives": {"group": "shop", "where": "outside"}}, r"relation\.sampling\.caps\.positives_per_entity: got 3; expected none, since it needs rows with one label each and negatives from anywhere$"),
    ("edge_pairs", {"relation.sampling.balance": 3}, r"relation\.sampling\.balance: got 3; only the source `same_label` has groups of anchors: expected none\. To bound the tuples of each anchor, set positives_per_anchor to a number"),
    ("edge_pairs", {"relation.sampling.caps.anchors_per_group": 3}, r"relation\.sampling\.caps\.anchors_per_group: got 3; only the source `same_label`"),
    ("tag_pairs", {"relation.sampling.caps.positives_per_group": 3}, r"relation\.sampling\.caps\.positives_per_group: got 3; only the source `same_label`"),
    ("scored_pairs", {"relation.sampling.group": "photo"}, r"relation\.sampling\.group: got 'photo', an image or a float"),
    ("scored_pairs", {"relation.sampling.group": "tags"}, r"relation\.sampling\.group: got 'tags', a feature of 3 values; expected one$"),
    ("lists", {"relation.sampling.length": 0}, r"relation\.sampling\.length: got 0; input should be greater"),
    ("label_pairs", {f"{NEGATIVES}.draw": "hard"}, r"relation\.sampling\.negatives\.draw: got 'hard'; input should be 'uniform', 'groups', 'popularity' or 'given'$"),
    ("label_pairs", {NEGATIVES: {"draw": "given", "probability": "p"}}, r"relation\.sampling\.negatives: .*draw: given needs `edges`$"),
    ("label_pairs", {NEGATIVES: {"draw": "given", "edges": "mined"}}, r"relation\.sampling\.negatives: .*draw: given needs `probability`$"),
    ("label_pairs", {NEGATIVES: {"edges": "mined"}}, r"relation\.sampling\.negatives: .*draw: uniform takes no `edges`, only given does$"),
    ("label_pairs", {NEGATIVES: {**GIVEN, "group": "shop"}}, r"relation\.sampling\.negatives: .*draw: given takes no `group`: the list says which negatives an anchor has$"),
    ("label_pairs", {NEGATIVES: GIVEN}, r"relation\.sampling\.negatives\.edges: got 'mined'; expected one of data\.edges: \(there is none\)$"),
    ("edge_pairs", {NEGATIVES: {**GIVEN, "edges": "votes"}}, r"relation\.sampling\.negatives\.edges: got 'votes'; expected a list other than that of relation\.source, whose edges are positives$"),
    ("label_pairs", {NEGATIVES: {**GIVEN, "probability": "odds"}, "data.edges.mined": VOTES}, r"relation\.sampling\.negatives\.probability: got 'odds'; expected a feature of .*votes\.pbtxt"),
    ("label_pairs", {NEGATIVES: {**GIVEN, "probability": "link"}, "data.edges.mined": VOTES}, r"relation\.sampling\.negatives\.probability: got 'link', a feature of bytes; expected numbers$"),
    ("label_pairs", {NEGATIVES: GIVEN, "data.edges.mined": {**VOTES, "weight": "likeness"}}, r"data\.edges\.mined\.weight: got 'likeness'; expected none, since each row is a negative with a probability$"),
    ("label_pairs", {NEGATIVES: GIVEN, "data.edges.mined": VOTES, "data.split.unit": "component"}, r"data\.split\.unit: got 'component'; expected another unit, or an edge list in data.edges that connects entities$"),
    ("edge_triplets", {NEGATIVES: GIVEN, "data.edges.mined": VOTES}, r"data\.edges\.mined\.left\.entity: got 'item'; expected 'user', the type of anchors$"),
    ("edge_triplets", {NEGATIVES: GIVEN, "data.edges.mined": {**BUYS, "right": {"entity": "user", "id": "b"}}}, r"data\.edges\.mined\.right\.entity: got 'user'; expected 'item', the type of negatives$"),
    ("label_pairs", {f"{NEGATIVES}.where": "within"}, r"relation\.sampling\.negatives: .*where: within needs a `group`$"),
    ("label_pairs", {f"{NEGATIVES}.where": "outside"}, r"relation\.sampling\.negatives: .*where: outside needs a `group`$"),
    ("label_pairs", {f"{NEGATIVES}.group": "shop"}, r"relation\.sampling\.negatives: .*`group` has an effect only with draw: groups, or where: within or outside$"),
    ("label_pairs", {f"{NEGATIVES}.feature": "views"}, r"relation\.sampling\.negatives: .*draw: uniform takes no `feature`$"),
    ("label_pairs", {NEGATIVES: {"draw": "groups", "alpha": 0.5}}, r"relation\.sampling\.negatives: .*draw: groups takes no `alpha`$"),
    ("label_pairs", {NEGATIVES: {"draw": "groups", "group": "shop", "where": "within"}}, r"relation\.sampling\.negatives: .*draw: groups with where: within leaves only one group to draw from$"),
    ("label_pairs", {NEGATIVES: {"draw": "groups", "group": "shop"}}, r"relation\.sampling\.negatives\.group: got 'shop'; expected none, since the labels are the groups$"),
    ("label_pairs", {NEGATIVES: {"where": "within", "group": "brand"}}, r"relation\.sampling\.negatives\.where: got 'within'; all rows with the anchor's 'brand' are its positives"),
    ("label_pairs", {NEGATIVES: {"where": "within", "group": "price"}}, r"relation\.sampling\.negatives\.group: got 'price', an image or a float"),
    ("edge_pairs", {NEGATIVES: {"draw": "groups", "group": "tags"}}, r"relation\.sampling\.negatives\.group: got 'tags', a feature of 3 values; expected one$"),
    ("label_pairs", {f"{NEGATIVES}.draw": "popularity"}, r"relation\.sampling\.negatives\.feature: missing; expected a feature that holds counts, since draw: popularity has no edges to count$"),
    ("label_pairs", {NEGATIVES: {"draw": "popularity", "feature": "brand"}}, r"relation\.sampling\.negatives\.feature: got 'brand', a feature of bytes; expected numbers$"),
    ("label_pairs", {NEGATIVES: {"draw": "popularity", "feature": "views", "alpha": 3}}, r"relation\.sampling\.negatives\.alpha: got 3; input should be less than or equal to 2$"),
    ("label_pairs", {"relation.sampling": {"negatives_per_anchor": 0, "negatives": {"draw": "groups"}}}, r"relation\.sampling: .*`negatives` says how to draw negatives, but the recipe asks for none$"),
    ("label_pairs", {"relation.sampling": {"positive_share": 1, "negatives": {"draw": "groups"}}}, r"relation\.sampling: .*`negatives` says how to draw negatives, but the recipe asks for none$"),
    ("edge_pairs", {f"{NEGATIVES}.draw": "groups"}, r"relation\.sampling\.negatives\.group: missing; expected the feature that groups rows, which draw: groups needs$"),
    ("edge_triplets", {NEGATIVES: {"draw": "groups", "group": "age"}}, r"relation\.sampling\.negatives\.group: got 'age'; expected a feature of .*item\.pbtxt"),
    ("edge_triplets", {NEGATIVES: {"where": "within", "group": "shop"}}, r"relation\.sampling\.negatives\.where: got 'within'; anchors are of type user, negatives of type item, .*expected 'anywhere'$"),
    ("edge_triplets", {NEGATIVES: {"draw": "popularity", "feature": "age"}}, r"relation\.sampling\.negatives\.feature: got 'age'; expected a feature of .*item\.pbtxt"),
    ("tag_pairs", {f"{NEGATIVES}.draw": "groups"}, r"relation\.sampling\.negatives\.draw: got 'groups'; expected another value, since labels have no groups$"),
    ("tag_pairs", {NEGATIVES: {"draw": "popularity", "feature": "tag"}}, r"relation\.sampling\.negatives\.feature: got 'tag'; expected none, since labels have no feature except their id$"),
    ("tag_pairs", {NEGATIVES: {"where": "within", "group": "tag"}}, r"relation\.sampling\.negatives\.group: got 'tag'; expected none, since labels have no feature except their id$"),
    ("edge_vectors", {"relation.sampling.negatives_per_anchor": 2}, r"relation\.sampling\.negatives_per_anchor: got 2; a drawn negative has no vector value: remove the key$"),
    ("edge_classes", {"relation.sampling.positive_share": 0.5}, r"relation\.sampling\.positive_share: got 0\.5; a drawn negative has no class value: remove the key$"),
    ("edge_scalars", {NEGATIVES: {"draw": "popularity"}}, r"relation\.sampling\.negatives: edges with a scalar value get no negatives unless"),
    ("label_pairs", {"relation.seed": -1}, r"relation\.seed: got -1; input should be greater than or equal to 0$"),
]  # fmt: skip

MODEL = {"tower": {"type": "dense"}, "head": {"type": "distance"}, "loss": {"type": "triplet"}}
GATES = {"gates": {"auc": {"min": 0.5}}}
MODELS: list[Case] = [
    ("label_pairs", {"evaluation": GATES}, r"evaluation: there is no `model` to evaluate: remove it$"),
    ("label_pairs", {"model": MODEL}, r"recipe: got .*; a recipe with a `model` needs an `evaluation` with gates$"),
    ("edge_triplets", {"model": {**MODEL, "features": {"usr": ["age"]}}, "evaluation": GATES}, r"model\.features: got 'usr'; expected an entity type: user, item; did you mean 'user'\?$"),
    ("edge_triplets", {"model": {**MODEL, "features": {"user": ["price"]}}, "evaluation": GATES}, r"model\.features: got 'price'; expected a feature of .*user\.pbtxt"),
    ("label_pairs", {"model": {**MODEL, "features": ["price", "price"]}, "evaluation": GATES}, r"model\.features: got \['price', 'price'\]; expected each feature once$"),
    ("label_pairs", {"model": {**MODEL, "features": []}, "evaluation": GATES}, r"model\.features: no feature is left for the tower"),
    ("tag_pairs", {"model": MODEL, "evaluation": GATES}, r"model\.features: no feature is left for the tower: .*tag\.pbtxt has only tag$"),
    ("label_pairs", {"model": MODEL, "evaluation": {"gates": {}}}, r"evaluation: .*; at least one metric must be given in `gates` or `corpus\.gates`$"),
    ("label_pairs", {"model": MODEL, "evaluation": {**GATES, "slice_floor": {"auc": 0.5}}}, r"evaluation\.slice_floor: got \{'auc': 0\.5\}; expected `slices` beside it, or no floor$"),
    ("label_pairs", {"model": MODEL, "evaluation": {**GATES, "slices": ["photo"]}}, r"evaluation\.slices: got 'photo', an image or a float"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "message"), [*DATA, *SOURCES, *SAMPLING, *MODELS])
def test_what_does_not_fit_is_refused_in_one_line(tmp_path, name, changes, message):
    with pytest.raises(RecipeError) as error:
        load(tmp_path, name, changes)
    file, told = str(tmp_path / "recipe.yaml"), str(error.value)
    place = re.match(rf"{re.escape(file)}:(\d+:)? ", told)
    assert place, told
    assert re.match(message, told[place.end() :]), told
    assert "\n" not in told


@pytest.mark.parametrize("name", SYSTEMS)
def test_an_unknown_key_is_refused_at_every_level(tmp_path, name):
    recipe = system(name)
    places = [
        place
        for place in ("data", "data.split", "relation", "relation.source", "relation.sampling")
        if place in ("data", "data.split", "relation", "relation.source") or name not in _UNSAMPLED
    ]
    places += [f"data.entities.{entity}" for entity in recipe["data"]["entities"]]
    places += [f"data.edges.{edges}" for edges in recipe["data"].get("edges", ())]
    for place in places:
        with pytest.raises(
            RecipeError, match=rf": {place}\.speed: unknown key \(value 3\); expected"
        ):
            load(tmp_path, name, {f"{place}.speed": 3})


_UNSAMPLED = ("tags", "sure_tags", "rows", "verdicts", "marks", "origins")


SCHEMA_CASES = [
    ("rows", "sketches", 'name: "image_image" type: BYTES image_domain {}', 'name: "image_image" type: INT', r"relation\.roles\.image: got 'image_image', of type int in .*sketches\.pbtxt; expected bytes, the type of 'image' of picture$"),
    ("rows", "sketches", '"target_id" type: BYTES', '"target_id" type: INT', r"relation\.roles\.target: got 'target_id', of type int in .*; expected bytes, the type of 'id' of picture$"),
    ("label_pairs", "item", '"brand"', '"sku"', r"feature 'sku': it appears twice$"),
    ("label_pairs", "item", 'domain: "tags"', 'domain: "labels"', r"feature 'tags': got domain 'labels'; the schema has no string_domain of that name$"),
    ("label_pairs", "item", '"brand" type: BYTES', '"brand" type: STRUCT', r"feature 'brand': got type STRUCT; expected BYTES, INT or FLOAT$"),
    ("label_pairs", "item", "size: 4", "size: -1", r"feature 'vector': got shape \[-1\]; expected dimensions of 1 or more$"),
    ("tags", "item", 'value: "red" value: "round" value: "new"', "", r"relation\.source\.feature: got 'tags'; expected a feature whose values"),
    ("label_triplets", "item", '"price"', '"prob"', r"relation: role 'negative' \+ feature 'prob' becomes 'negative_prob', a name that the tuple itself uses"),
    ("edge_triplets", "user", "", 'string_domain { name: "tags" value: "old" }', r"schemas: two entity types have a string_domain 'tags', with different values: rename one$"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "schema", "old", "new", "message"), SCHEMA_CASES)
def test_schemas_that_do_not_fit(tmp_path, name, schema, old, new, message):
    text = SCHEMAS[schema].replace(old, new) if old else SCHEMAS[schema] + new
    path = write(tmp_path, system(name), **{schema: text})
    with pytest.raises(RecipeError, match=message):
        load_recipe(path)


def test_a_domain_of_too_many_integers_is_none(tmp_path):
    text = SCHEMAS["item"].replace("max: 2003", f"max: {2**62}")
    path = write(tmp_path, system("tags", {"relation.source.feature": "year"}), item=text)
    with pytest.raises(RecipeError, match=r"got 'year'; .*int_domain \(at most 100000\)$"):
        load_recipe(path)
