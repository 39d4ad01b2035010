"""The compatibility model: how likely people find a whole outfit acceptable."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, model_validator

from lookbook.captioners.network import open_session

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class Tree(BaseModel):
    """A regression tree; a node's left child is the node after it.

    Attributes:
        feature: Feature of each node; -1 for a leaf.
        threshold: Outfits with at most this go left.
        right: The right child of each node.
        value: The mean score of each node's training outfits.
    """

    model_config = ConfigDict(extra="forbid")

    feature: list[int]
    threshold: list[float]
    right: list[int]
    value: list[float]


class CompatibilityModel(BaseModel):
    """Extremely randomized trees (Geurts et al., 2006) over features of whole outfits.

    Attributes:
        features: Names of the features, see :func:`lookbook.outfits.features.feature_names`.
        means: Their means over the training outfits, for features that a catalogue lacks.
        trees: The trees; the score of an outfit is the mean of their leaves.
        slope: Scale of the calibration (Platt, 1999).
        intercept: Offset of the calibration.
        outfits: The number of training outfits.
        source: Whose taste it is.
    """

    model_config = ConfigDict(extra="forbid")

    features: list[str]
    means: list[float]
    trees: list[Tree]
    slope: float
    intercept: float
    outfits: int
    source: str

    @model_validator(mode="after")
    def _check_shapes(self) -> CompatibilityModel:
        if len(self.means) != len(self.features):
            raise ValueError("means and features differ in number")
        for tree in self.trees:
            size = len(tree.feature)
            others = (tree.threshold, tree.right, tree.value)
            if not size or any(len(own) != size for own in others):
                raise ValueError("a tree has nodes without threshold, child or value")
            if max(tree.feature) >= len(self.features) or max(tree.right) >= size:
                raise ValueError("a tree names a feature or a node that does not exist")
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Return (outfits,) probabilities that an outfit is acceptable.

        Args:
            features: (outfits, features), see :meth:`align`.
        """
        (scores,) = self._session.run(None, {"features": features})
        calibrated = self.slope * scores[:, 0].astype(float) + self.intercept
        probabilities: np.ndarray = 1 / (1 + np.exp(-calibrated))
        return probabilities

    def align(self, features: np.ndarray, names: Sequence[str]) -> np.ndarray:
        """Return features in the model's order; those that are not given have their means."""
        position = {name: column for column, name in enumerate(names)}
        columns = np.array([position.get(name, -1) for name in self.features])
        aligned = np.where(columns >= 0, features[:, columns], np.array(self.means, np.float32))
        return aligned.astype(np.float32)

    def explain(self, features: np.ndarray) -> tuple[np.ndarray, list[str], np.ndarray]:
        """Predict, and return how much each group of features moves the score off the mean.

        The steps along each tree's path are added up by the feature that decides them (Saabas,
        2014); features form a group by the name before their colon.

        Args:
            features: (outfits, features), see :meth:`align`.

        Returns:
            (outfits,) probabilities, see :meth:`predict`; the groups, and (outfits, groups) points.
        """
        path = self._descend(features)
        feature, _, _, value = self._nodes
        names, groups = self._groups
        moved = np.zeros(len(features) * len(names))
        starts = np.arange(len(features))[:, None] * len(names)
        for parents, children in pairwise(path):
            steps = value.take(children) - value.take(parents)
            # A leaf is its own child, and moves nothing.
            places = starts + groups.take(feature.take(parents))
            moved += np.bincount(places.ravel(), steps.ravel(), len(moved))
        points = moved.reshape(len(features), -1) / len(self.trees)
        return self.predict(features), names, points

    def _descend(self, features: np.ndarray) -> list[np.ndarray]:
        """Return the (outfits, trees) nodes that outfits reach, level by level."""
        feature, threshold, right, _ = self._nodes
        cells, width = features.ravel(), features.shape[1]
        starts = np.arange(len(features))[:, None] * width
        nodes = np.tile(self._roots, (len(features), 1))
        path = [nodes]
        while True:
            own = feature.take(nodes)
            is_inner = own >= 0
            if not is_inner.any():
                return path
            goes_left = cells.take(starts + own, mode="wrap") <= threshold.take(nodes)
            children = np.where(goes_left, nodes + 1, right.take(nodes))
            nodes = np.where(is_inner, children, nodes)
            path.append(nodes)

    @cached_property
    def _session(self) -> InferenceSession:
        """The trees in ONNX Runtime, which is several times faster than arrays, level by level."""
        from onnx import TensorProto, helper

        feature, threshold, right, value = self._nodes
        sizes = np.diff([*self._roots, len(feature)])
        trees = np.repeat(np.arange(len(sizes)), sizes)
        own = np.arange(len(feature)) - np.repeat(self._roots, sizes)
        is_leaf = feature < 0
        leaves = np.flatnonzero(is_leaf)
        node = helper.make_node(
            "TreeEnsembleRegressor", ["features"], ["scores"], domain="ai.onnx.ml",
            aggregate_function="AVERAGE", n_targets=1, post_transform="NONE",
            nodes_treeids=trees.tolist(), nodes_nodeids=own.tolist(),
            nodes_featureids=np.where(is_leaf, 0, feature).tolist(),
            nodes_values=threshold.tolist(),
            nodes_modes=np.where(is_leaf, "LEAF", "BRANCH_LEQ").tolist(),
            nodes_truenodeids=np.where(is_leaf, 0, own + 1).tolist(),
            nodes_falsenodeids=np.where(is_leaf, 0, right - np.repeat(self._roots, sizes)).tolist(),
            target_treeids=trees[leaves].tolist(), target_nodeids=own[leaves].tolist(),
            target_ids=[0] * len(leaves), target_weights=value[leaves].tolist(),
        )  # fmt: skip
        kinds = {"features": [None, len(self.features)], "scores": [None, 1]}
        given, returned = (
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in kinds.items()
        )
        graph = helper.make_graph([node], "trees", [given], [returned])
        versions = [helper.make_opsetid("ai.onnx.ml", 3), helper.make_opsetid("", 18)]
        model = helper.make_model(graph, opset_imports=versions, ir_version=9)
        return open_session(model.SerializeToString(), threads=1)

    @cached_property
    def _groups(self) -> tuple[list[str], np.ndarray]:
        """The groups of features, and the (features,) group of each."""
        names = [name.split(":")[0] for name in self.features]
        groups = list(dict.fromkeys(names))
        return groups, np.array([groups.index(name) for name in names])

    @cached_property
    def _roots(self) -> np.ndarray:
        """(trees,) the root of each tree among all nodes."""
        return np.cumsum([0, *(len(tree.feature) for tree in self.trees)])[:-1]

    @cached_property
    def _nodes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Feature, threshold, right child and value of the nodes of all trees."""
        return (
            np.concatenate([np.array(tree.feature, np.int32) for tree in self.trees]),
            np.concatenate([np.array(tree.threshold, np.float32) for tree in self.trees]),
            np.concatenate(
                [
                    np.array(tree.right, np.int32) + root
                    for tree, root in zip(self.trees, self._roots, strict=True)
                ]
            ),
            np.concatenate([np.array(tree.value, np.float32) for tree in self.trees]),
        )
