"""LightGBM text models made to measure, as version 4 of the format writes them."""
import math


def tree(number, feature, threshold, left, right):
    """One split: at most the threshold gives the leaf value "left", above it "right"."""
    lines = ["Tree=%d" % number, "num_leaves=2", "num_cat=0", "split_feature=%d" % feature, "split_gain=1",
             "threshold=%r" % threshold, "decision_type=2", "left_child=-1", "right_child=-2",
             "leaf_value=%r %r" % (left, right), "leaf_weight=50 50", "leaf_count=100 100", "internal_value=0",
             "internal_weight=100", "internal_count=200", "is_linear=0", "shrinkage=0.1"]
    return "".join(line + "\n" for line in lines) + "\n\n"


def model(names, trees, objective="binary sigmoid:1", per_iteration=1):
    """trees: (feature's name, threshold, left, right)"""
    blocks = [tree(i, names.index(f), t, left, right) for i, (f, t, left, right) in enumerate(trees)]
    head = ["tree", "version=v4", "num_class=%d" % per_iteration,
            "num_tree_per_iteration=%d" % per_iteration, "label_index=0",
            "max_feature_idx=%d" % (len(names) - 1), "objective=" + objective,
            "feature_names=" + " ".join(names), "feature_infos=" + " ".join(["[-1:1]"] * len(names)),
            "tree_sizes=" + " ".join(str(len(b)) for b in blocks)]
    return ("\n".join(head) + "\n\n" + "".join(blocks) + "end of trees\n\nfeature_importances:\n\n"
            "parameters:\n[boosting: gbdt]\nend of parameters\n\npandas_categorical:null\n").encode()


def probability(names, trees, row):
    """What the model gives for a row."""
    total = 0.0
    for feature, threshold, left, right in trees:
        total += left if row[names.index(feature)] <= threshold else right
    return 1 / (1 + math.exp(-total))
