"""Writes metrics.json: metrics, class weights and standardised numbers as scikit-learn has them.

    python metrics.py        (scikit-learn; a second)

The file has lists of cases:

    "classes":      predicted and true classes, with the accuracy, the confusion matrix, and
                    precision, recall and F1 of each class and as the three means
    "top_k":        scores and classes, with the accuracies for k = 1, 2, …. scikit-learn prefers the
                    last of tied classes and dagrad the first, so it gets the classes reversed.
    "regressions":  predictions and targets, with R² and the mean absolute error
    "weights":      classes, with the weights that balance them
    "standardized": rows, with their mean, scale and standardised numbers; null is NaN
"""

import json
import pathlib

import numpy
from sklearn import metrics
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight


def of_classes(predicted, labels, classes):
    scores = {
        name: metrics.precision_recall_fscore_support(
            labels, predicted, labels=range(classes), average=average, zero_division=0
        )[:3]
        for name, average in [("each", None), ("macro", "macro"), ("weighted", "weighted"),
                              ("micro", "micro")]
    }
    return {
        "classes": classes,
        "predicted": list(map(int, predicted)),
        "labels": list(map(int, labels)),
        "accuracy": metrics.accuracy_score(labels, predicted),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=range(classes)).tolist(),
        "each": numpy.transpose(scores["each"]).tolist(),
        **{name: list(map(float, scores[name])) for name in ("macro", "weighted", "micro")},
    }


def of_scores(scores, labels):
    classes = scores.shape[1]
    return {
        "scores": scores.tolist(),
        "labels": labels.tolist(),
        "accuracies": [
            float(metrics.top_k_accuracy_score(
                classes - 1 - labels, scores[:, ::-1], k=k, labels=range(classes)))
            for k in range(1, classes)
        ],
    }


def of_regression(predicted, targets):
    return {
        "predicted": numpy.asarray(predicted).tolist(),
        "targets": numpy.asarray(targets).tolist(),
        "r_squared": float(metrics.r2_score(targets, predicted)),
        "mean_absolute_error": float(metrics.mean_absolute_error(targets, predicted)),
    }


def of_weights(labels, classes):
    weights = compute_class_weight("balanced", classes=numpy.arange(classes), y=numpy.array(labels))
    return {"labels": list(map(int, labels)), "classes": classes, "weights": weights.tolist()}


def of_rows(rows):
    rows = numpy.array(rows, float)
    scaler = StandardScaler().fit(rows)
    numbers = lambda x: [None if numpy.isnan(v) else v for v in x.ravel().tolist()]
    return {
        "shape": list(rows.shape),
        "rows": numbers(rows),
        "mean": scaler.mean_.tolist(),
        "scale": scaler.scale_.tolist(),
        "standardized": numbers(scaler.transform(rows)),
    }


def main():
    draw = numpy.random.default_rng(16)
    labels = draw.choice(5, 200, p=[0.5, 0.25, 0.15, 0.08, 0.02])
    noisy = numpy.where(draw.random(200) < 0.7, labels, draw.integers(0, 5, 200))
    ties = draw.integers(0, 3, (60, 6)) / 2.0
    noise = draw.normal(size=(40, 3))
    targets = draw.normal(size=(40, 3)) * [1, 10, 100] + [0, 1000, -5]
    rows = draw.normal(size=(30, 4)) * [1, 1e-3, 1e5, 1] + [0, 1, 1e6, 7]
    holes = numpy.where(draw.random((30, 4)) < 0.2, numpy.nan, rows)
    file = {
        "classes": [
            of_classes(noisy, labels, 5),
            of_classes(labels, labels, 5),
            of_classes([0, 1, 1, 0, 1], [0, 1, 0, 0, 1], 2),
            of_classes([0, 0, 0, 3], [0, 1, 2, 0], 5),  # never predicted, without rows, both
            of_classes([1, 0], [0, 1], 2),
            of_classes([0], [0], 1),
        ],
        "top_k": [
            of_scores(draw.normal(size=(60, 6)), draw.integers(0, 6, 60)),
            of_scores(ties, draw.integers(0, 6, 60)),
            of_scores(numpy.zeros((7, 3)), draw.integers(0, 3, 7)),
        ],
        "regressions": [
            of_regression(targets + noise * [0.5, 4, 30], targets),
            of_regression(targets[:, 1] + noise[:, 1], targets[:, 1]),
            of_regression(-targets, targets),
            of_regression(targets, targets),
            of_regression([1.0, 2.0, 3.0], [2.5, 2.5, 2.5]),  # constant, missed
            of_regression([0.1, 0.1, 0.1], [0.1, 0.1, 0.1]),  # constant, met
            of_regression([[0.0, 1.0], [0.0, 3.0]], [[0.1, 1.0], [0.1, 2.0]]),
            of_regression([3.0, -1.0], [2.0, 0.5]),
        ],
        "weights": [of_weights(labels, 5), of_weights([0, 1, 1, 1], 2), of_weights([0], 1)],
        "standardized": [
            of_rows(rows),
            of_rows(holes),
            of_rows([[0.1, 1.0], [0.1, 2.0], [0.1, 4.0]]),  # a constant column
            of_rows([[3.0, -2.0]]),
        ],
    }
    path = pathlib.Path(__file__).with_name("metrics.json")
    path.write_text(json.dumps(file, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
