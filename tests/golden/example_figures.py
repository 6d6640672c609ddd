"""Prints figures that programs in docs/examples expect or are compared with: linear_regression.cpp,
logistic_regression.cpp and autoencoder.cpp.

    python example_figures.py        (scikit-learn and mpmath; some seconds)

The linear regression is also solved in 60 digits, from which NIST's certified values are rounded.
"""

import csv
import pathlib

import mpmath
import numpy
from sklearn import linear_model, metrics
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

DATA = pathlib.Path(__file__).parents[2] / "docs" / "examples" / "data"


def read(name):
    with open(DATA / name) as file:
        return list(csv.reader(file))[1:]


def linear():
    rows = [[mpmath.mpf(field) for field in row] for row in read("longley.csv")]
    y = mpmath.matrix([row[0] for row in rows])
    x = mpmath.matrix([row[1:] + [1] for row in rows])
    exact = mpmath.lu_solve(x.T * x, x.T * y)
    print("exact       ", [mpmath.nstr(b, 15) for b in exact])
    table = numpy.array(read("longley.csv"), float)
    model = linear_model.LinearRegression().fit(table[:, 1:], table[:, 0])
    print("scikit-learn", model.coef_.tolist(), float(model.intercept_))
    predicted = model.predict(table[:, 1:])
    print("R²", metrics.r2_score(table[:, 0], predicted))
    print("mean absolute error", metrics.mean_absolute_error(table[:, 0], predicted))


def logistic():
    table = read("iris.csv")
    names = sorted({row[-1] for row in table})
    x = StandardScaler().fit_transform(numpy.array([row[:-1] for row in table], float))
    y = numpy.array([names.index(row[-1]) for row in table])
    model = linear_model.LogisticRegression(C=1, tol=1e-12, max_iter=10000).fit(x, y)
    print(names, "coefficients", model.coef_.T.tolist(), "intercepts", model.intercept_.tolist())
    print("loss", metrics.log_loss(y, model.predict_proba(x)))
    print("accuracy", model.score(x, y))
    print(metrics.confusion_matrix(y, model.predict(x)))


def components():
    """The mean squared error of digits held out, drawn from their eight principal components."""
    table = numpy.array(read("digits.csv"), float)
    images, digits = table[:, :-1] / 16, table[:, -1]
    errors = []
    for seed in range(10):
        training, held_out = train_test_split(
            images, test_size=0.2, stratify=digits, random_state=seed)
        model = PCA(8).fit(training)
        drawn = model.inverse_transform(model.transform(held_out))
        errors.append(float(numpy.mean((drawn - held_out) ** 2)))
    print("error of eight principal components", min(errors), "to", max(errors))


if __name__ == "__main__":
    mpmath.mp.dps = 60
    linear()
    logistic()
    components()
