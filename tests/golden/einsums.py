"""Golden cases of einsum. numpy.einsum accepts 80-bit floats, and keeps the dtype of integers."""

import numpy

from cases import numbers, undo_broadcast


def letters_of(equation):
    """The terms of the operands and that of the result, without spaces."""
    equation = equation.replace(" ", "")
    if "->" in equation:
        terms, out = equation.split("->")
    else:
        terms = equation
        once = sorted(c for c in set(equation) - set(",.") if equation.count(c) == 1)
        out = ("..." if "..." in equation else "") + "".join(once)
    return terms.split(","), out


def pullback_of(equation):
    """einsum is linear in each operand: its gradient is the einsum of the others and the
    cotangent, with an identity for each repeated letter and ones for each summed letter."""
    terms, out = letters_of(equation)

    def pullback(d, *operands):
        gradients = []
        for i, (term, x) in enumerate(zip(terms, operands)):
            others = [(t, v) for j, (t, v) in enumerate(zip(terms, operands)) if j != i]
            own = ""
            spare = [chr(c) for c in range(65, 123) if chr(c).isalpha() and chr(c) not in equation]
            dots = x.ndim - len(term.replace("...", ""))
            for at, letter in enumerate(term.replace("...", "")):
                size = x.shape[at if term.find("...") in (-1, *range(at + 1, 9)) else at + dots]
                if letter in own:
                    others.append((letter + spare[0], numpy.eye(size, dtype=x.dtype)))
                    letter = spare.pop(0)
                else:
                    others.append((letter, numpy.ones(size, dtype=x.dtype)))
                own += letter
            head = term.split("...")[0] if "..." in term else ""
            target = own[: len(head)] + "..." * ("..." in out) + own[len(head) :]
            inner = ",".join([out, *(t for t, _ in others)])
            full = numpy.einsum(f"{inner}->{target}", d, *(v for _, v in others))
            gradients.append(unspread(full, x.shape, len(head), dots if "..." in out else 0))
        return gradients

    return pullback


def unspread(full, shape, head, dots):
    """Sums the axes of "..." back to those, `dots` of them behind `head`, that an operand has."""
    extra = full.ndim - len(shape)
    full = full.sum(axis=tuple(range(head, head + extra)))
    return undo_broadcast(full, shape) if dots else full


def add_all(cases):
    for equation, *shapes in (
        ("i->", (3,)), ("ij->ji", (2, 3)), ("ij->j", (2, 3)), ("ij->", (2, 3)), ("ij", (2, 3)),
        ("ji", (2, 3)), ("ii", (3, 3)), ("ii->i", (3, 3)), ("iij->ji", (2, 2, 3)),
        ("ijij->ij", (2, 3, 2, 3)), ("iii->i", (2, 2, 2)), ("iij->", (2, 2, 3)), ("aB", (2, 3)),
        ("i,i", (3,), (3,)), ("i,j", (3,), (2,)), ("i,i->i", (3,), (3,)), (",i", (), (3,)),
        (",->", (), ()), ("ij,jk", (2, 3), (3, 4)), ("ij,jk->ki", (2, 3), (3, 4)),
        ("ij,kj->ik", (2, 3), (4, 3)), (" i j , j -> i ", (2, 3), (3,)), ("j,jk", (3,), (3, 2)),
        ("ij,ij->", (2, 3), (2, 3)), ("ij,ij->i", (2, 3), (2, 3)), ("ij,ji->ij", (2, 3), (3, 2)),
        ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)), ("ijb,jkb->bki", (3, 4, 2), (4, 2, 2)),
        ("bqhd,bkhd->bhqk", (2, 3, 2, 4), (2, 5, 2, 4)),
        ("bhqk,bkhd->bqhd", (2, 2, 3, 4), (2, 4, 2, 3)),
        ("abxy,xyc->abc", (2, 3, 2, 2), (2, 2, 3)), ("abx,xcd->abcd", (2, 3, 4), (4, 2, 2)),
        ("zabx,zxcd->dzabc", (2, 2, 3, 4), (2, 4, 2, 3)), ("xab,x->ba", (3, 2, 4), (3,)),
        ("bi,bi->b", (2, 3), (2, 3)), ("ij,kl->ljki", (2, 3), (2, 2)),
        ("iij,j->i", (2, 2, 3), (3,)),
        ("ij,jk,kl", (2, 3), (3, 4), (4, 2)), ("ij,ik,il->jkl", (2, 3), (2, 2), (2, 4)),
        ("a,ab,bc,c->", (3,), (3, 2), (2, 4), (4,)), ("i,i,i", (3,), (3,), (3,)),
        ("bn,anm,bm->ba", (2, 3), (5, 3, 4), (2, 4)), ("ij,j,ik->k", (2, 3), (3,), (2, 2)),
        ("Aa,aA->", (2, 3), (3, 2)), ("ij,jk", (2, 0), (0, 3)), ("ij,jk->", (0, 2), (2, 3)),
        ("abx,xcd", (2, 0, 3), (3, 2, 0)), ("bax,bxcd", (2, 2, 0), (2, 0, 2, 3)),
        ("...", (2, 3)), ("i...->...i", (2, 3, 4)), ("...ii->...", (2, 3, 3)),
        ("...ij,...jk->...ik", (2, 3, 4), (2, 4, 2)), ("...ij,...jk", (5, 1, 2, 3), (2, 3, 2)),
        ("...ij,jk->...ik", (2, 2, 3, 4), (4, 2)), ("...,...", (2, 1), (3,)),
        ("i...,i...->...", (3, 2, 1), (3, 4)), ("...i,...i,i...->i...", (2, 3), (3,), (3, 2)),
        ("...i->...", (3,)), ("i...j,j...->...i", (2, 3, 2), (2, 3)),
    ):  # fmt: skip
        operands = [numbers(*shape) for shape in shapes]
        cases.add(
            "einsum",
            operands,
            lambda *x: numpy.einsum(equation, *x),
            pullback_of(equation),
            subscripts=equation,
        )
    for equation, *shapes in (("ij->i", (2, 3)), ("ij,jk", (2, 3), (3, 2)),
                              ("ii,j->", (2, 2), (3,))):  # fmt: skip
        operands = [numpy.round(numbers(*s, low=-9, high=9)).astype("int32") for s in shapes]
        cases.add("einsum", operands, lambda *x: numpy.einsum(equation, *x), subscripts=equation)
    for equation, *shapes in (("ij", (2,)), ("ii", (2, 3)), ("ij,jk", (2, 3), (2, 3)),
                              ("...ij", (2,)), ("...,...", (2,), (3,)),
                              ("i,i", (1,), (3,))):  # fmt: skip
        cases.error("einsum", [numbers(*s) for s in shapes], "ShapeError", subscripts=equation)
    for equation, *shapes in (("i?", (2,)), ("i->i->i", (2,)), ("i,i", (2,)), ("i->j", (2,)),
                              ("i->ii", (2,)), ("i..", (2,)), ("...->", (2,))):  # fmt: skip
        cases.error("einsum", [numbers(*s) for s in shapes], "ArgumentError", subscripts=equation)
