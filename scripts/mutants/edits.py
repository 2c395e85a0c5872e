"""One-line edits of a module that change what it computes, found on its syntax tree."""

from __future__ import annotations

import ast
import io
import itertools
import tokenize
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.BitXor: ("^", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
_PAIRS = [
    *(("min", "max"), ("any", "all"), ("minimum", "maximum"), ("argmin", "argmax")),
    *(("floor", "ceil"), ("zeros", "ones"), ("zeros_like", "ones_like"), ("append", "extend")),
    *(("reduce_min", "reduce_max"), ("reduce_sum", "reduce_mean"), ("reduce_any", "reduce_all")),
    *(("logical_and", "logical_or"), ("startswith", "endswith"), ("sum", "mean")),
    *(("union", "intersection"), ("partition", "rpartition"), ("greater", "greater_equal")),
]
OPPOSITES = dict([*_PAIRS, *((second, first) for first, second in _PAIRS)])
"""Functions, by the last part of their name, and what takes their place."""
COMMUTATIVE = {
    *("max", "min", "maximum", "minimum", "gcd", "equal", "not_equal", "isclose", "allclose"),
    *("logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor"),
}
"""Functions whose value does not depend on the order of their arguments."""
MESSAGES = {"print", "warn", "debug", "info", "warning", "error", "exception", "log"}
"""Calls that only tell people something, by the last part of their name."""


@dataclass(frozen=True)
class Edit:
    """Characters `start` to `end` of a line (from 1) replaced by `text`; `kind` is the operator."""

    line: int
    start: int
    end: int
    text: str
    kind: str

    def apply(self, lines: list[str]) -> str:
        """The edited line."""
        line = lines[self.line - 1]
        return line[: self.start] + self.text + line[self.end :]


def edits_of(source: str) -> list[Edit]:
    """All edits of a module, by line and column.

    Docstrings, imports, annotations, decorators, assertions and texts of messages are left alone.
    """
    finder = _Finder(source)
    finder.visit(ast.parse(source))
    return sorted(set(finder.edits), key=lambda edit: (edit.line, edit.start, edit.end, edit.text))


def executable_lines(source: str) -> set[int]:
    """The lines that hold at least one edit."""
    return {edit.line for edit in edits_of(source)}


class _Finder(ast.NodeVisitor):
    """Collects edits; what is not visited is not edited."""

    def __init__(self, source: str) -> None:
        self.lines = source.splitlines()
        self.edits: list[Edit] = []
        self._tokens = [
            token
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type in (tokenize.OP, tokenize.NAME)
        ]

    def _column(self, line: int, offset: int) -> int:
        """The character of a UTF-8 offset."""
        return len(self.lines[line - 1].encode()[:offset].decode())

    def _span(self, node: ast.AST) -> tuple[tuple[int, int], tuple[int, int]]:
        """Where a node begins and ends, as (line, character)."""
        begin, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        return (begin[0], self._column(*begin)), (end[0], self._column(*end))

    def _text(self, node: ast.AST) -> str | None:
        """The source of a node on one line."""
        begin, end = self._span(node)
        return self.lines[begin[0] - 1][begin[1] : end[1]] if begin[0] == end[0] else None

    def _replace(self, node: ast.AST, text: str, kind: str) -> None:
        begin, end = self._span(node)
        if begin[0] == end[0]:
            self.edits.append(Edit(begin[0], begin[1], end[1], text, kind))

    def _wrap(self, node: ast.AST, before: str, after: str, kind: str) -> None:
        text = self._text(node)
        if text is not None:
            self._replace(node, f"{before}{text}{after}", kind)

    def _replace_between(
        self, left: ast.AST, right: ast.AST, old: str, new: str, kind: str
    ) -> None:
        """Replace an operator between two operands."""
        words = old.split()
        begin, end = self._span(left)[1], self._span(right)[0]
        between = [token for token in self._tokens if begin <= token.start and token.end <= end]
        for tokens in zip(*(between[i:] for i in range(len(words)))):
            first, last = tokens[0].start, tokens[-1].end
            if [token.string for token in tokens] == words and first[0] == last[0]:
                self.edits.append(Edit(first[0], first[1], last[1], new, kind))
                return

    # What is left alone.

    def _leave(self, node: ast.AST) -> None:
        pass

    visit_Import = visit_ImportFrom = visit_JoinedStr = visit_Assert = _leave
    visit_Global = visit_Nonlocal = _leave

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Defaults and the body: no decorators, no annotations."""
        for part in (*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body):
            self.visit(part)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """The body: no bases, no decorators."""
        for part in node.body:
            self.visit(part)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """The value: no annotation."""
        if node.value:
            self.visit(node.value)

    # What is edited.

    def visit_Compare(self, node: ast.Compare) -> None:
        """`<` for `<=`, `in` for `not in` and so on."""
        for left, operator, right in zip(
            [node.left, *node.comparators], node.ops, node.comparators
        ):
            old, new = COMPARISONS[type(operator)]
            self._replace_between(left, right, old, new, "comparison")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """`+` for `-` and so on, except on strings and types."""
        if (
            type(node.op) in ARITHMETIC
            and not any(map(_is_string, (node.left, node.right)))
            and not _is_type_union(node)
        ):
            old, new = ARITHMETIC[type(node.op)]
            self._replace_between(node.left, node.right, old, new, "arithmetic")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """`+=` for `-=`; the statement removed."""
        if type(node.op) in ARITHMETIC and not isinstance(node.value, ast.JoinedStr):
            old, new = ARITHMETIC[type(node.op)]
            self._replace_between(node.target, node.value, f"{old}=", f"{new}=", "arithmetic")
        self._replace(node, "pass", "statement removed")
        self.visit(node.value)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """`and` for `or`."""
        old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in itertools.pairwise(node.values):
            self._replace_between(left, right, old, new, "and, or")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """Drop `not`, `-` and `~`."""
        text = self._text(node.operand)
        if text is not None and not isinstance(node.op, ast.UAdd):
            self._replace(node, text, "sign or `not` dropped")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Numbers off by one or doubled, True for False."""
        value = node.value
        if isinstance(value, bool):
            self._replace(node, str(not value), "constant")
        elif isinstance(value, int):
            for other in (value + 1, value - 1) if value >= 2 else (value + 1,):
                self._replace(node, str(other), "constant")
        elif isinstance(value, float):
            self._replace(node, repr(value * 2 or 1.0), "constant")

    def visit_Call(self, node: ast.Call) -> None:
        """Opposite functions, swapped arguments, a range off by one."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        if isinstance(node.func, ast.Name):
            name = node.func.id
        if name in MESSAGES:
            return
        if name in OPPOSITES and not _is_empty_array(name, node):
            _, (line, end) = self._span(node.func)
            self.edits.append(Edit(line, end - len(name), end, OPPOSITES[name], "function"))
        if name == "range" and len(node.args) == 1 and not isinstance(node.args[0], ast.Constant):
            self._wrap(node.args[0], "(", ") - 1", "off by one")
        if len(node.args) >= 2 and name not in COMMUTATIVE:
            self._swap(node.args[0], node.args[1])
        self.generic_visit(node)

    def _swap(self, first: ast.expr, second: ast.expr) -> None:
        """Swap two arguments of one line, neither of them a literal string."""
        texts = self._text(first), self._text(second)
        if texts[0] is None or texts[1] is None or texts[0] == texts[1]:
            return
        if any(isinstance(node, ast.Starred) or _is_string(node) for node in (first, second)):
            return
        (line, begin), (_, middle) = self._span(first)
        (second_line, start), (_, end) = self._span(second)
        if line == second_line:
            between = self.lines[line - 1][middle:start]
            swapped = f"{texts[1]}{between}{texts[0]}"
            self.edits.append(Edit(line, begin, end, swapped, "arguments swapped"))

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """What is indexed, unless it is a type."""
        if isinstance(node.value, (ast.Name, ast.Attribute)) and _is_type(node.value):
            return
        self.generic_visit(node)

    def visit_Slice(self, node: ast.Slice) -> None:
        """Bounds off by one."""
        for bound in (node.lower, node.upper):
            if bound is not None and not isinstance(bound, (ast.Constant, ast.UnaryOp)):
                self._wrap(bound, "(", ") + 1", "off by one")
        self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        """The value, unless it only places a warning or guards what cannot happen."""
        if node.arg not in ("stacklevel", "strict"):
            self.visit(node.value)

    def _negate(self, test: ast.expr) -> None:
        self._wrap(test, "not (", ")", "condition negated")

    def visit_If(self, node: ast.If) -> None:
        """The condition negated."""
        text = ast.unparse(node.test)
        if "TYPE_CHECKING" in text or "__name__" in text:
            return
        self._negate(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        """The condition negated."""
        self._negate(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """The condition negated."""
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """The condition negated."""
        for test in node.ifs:
            self._negate(test)
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        """A call or `yield` removed."""
        if isinstance(node.value, ast.Constant):
            return
        call = node.value
        if not (isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] in MESSAGES):
            self._replace(node, "pass", "statement removed")
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """An attribute or item not assigned."""
        target = node.targets[0]
        if isinstance(target, ast.Name) and target.id == "__all__":
            return
        if isinstance(target, (ast.Attribute, ast.Subscript)):
            self._replace(node, "pass", "statement removed")
            self.visit(target)
        self.visit(node.value)

    def visit_Delete(self, node: ast.Delete) -> None:
        """Nothing deleted."""
        self._replace(node, "pass", "statement removed")

    def visit_Continue(self, node: ast.Continue) -> None:
        """`break` for `continue`."""
        self._replace(node, "break", "statement removed")

    def visit_Break(self, node: ast.Break) -> None:
        """`continue` for `break`."""
        self._replace(node, "continue", "statement removed")

    def visit_Return(self, node: ast.Return) -> None:
        """Another value returned."""
        value = node.value
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            return
        text = self._text(value)
        if text is not None and not isinstance(value, ast.Constant):
            self._replace(node, "return None", "value returned")
        if isinstance(value, (ast.Compare, ast.BoolOp)):
            self._negate(value)
        self.visit(value)

    def visit_Raise(self, node: ast.Raise) -> None:
        """The exception made, and not raised."""
        (line, column), _ = self._span(node)
        if node.exc is None:
            self._replace(node, "pass", "statement removed")
        elif node.cause is None:
            self.edits.append(Edit(line, column, column + len("raise "), "", "not raised"))


def _is_string(node: ast.expr) -> bool:
    constant = isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes))
    return constant or isinstance(node, ast.JoinedStr)


def _is_empty_array(name: str, node: ast.Call) -> bool:
    """Whether a call makes an array without items, in which zeros are ones."""
    first = node.args[0] if node.args else None
    return name in ("zeros", "ones") and isinstance(first, ast.Constant) and first.value == 0


def _is_type_union(node: ast.BinOp) -> bool:
    """Whether `|` is between types."""
    return isinstance(node.op, ast.BitOr) and any(map(_is_type, (node.left, node.right)))


def _is_type(node: ast.expr) -> bool:
    """Whether an expression is plainly a type: None, `int` or a capitalized name."""
    if isinstance(node, ast.Subscript):
        node = node.value
    if isinstance(node, ast.Constant):
        return node.value is None
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    builtin = {"int", "str", "float", "bool", "bytes", "dict", "list", "tuple", "set", "type"}
    return name in builtin or (name[:1].isupper() and not name.isupper())
