"""Attack strings for a regular expression, made from its own parse tree: each repeated part many times, then no match.

What backtracks does so on one of a few kinds of text: one repetition that can be split in many ways, two neighbours
that both take the same characters, or a beginning that can be tried at every place and then runs to the end.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Set
from itertools import islice, product
from pathlib import Path
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import scanner

REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
ALPHABET = [*range(256), 0x2019, 0x3042]
_PREFERRED = sorted(
    range(len(ALPHABET)), key=lambda i: (not chr(ALPHABET[i]).isalnum(), not 32 <= ALPHABET[i] < 127, i)
)
_CATEGORIES = {
    codes.CATEGORY_DIGIT: r"\d",
    codes.CATEGORY_NOT_DIGIT: r"\D",
    codes.CATEGORY_SPACE: r"\s",
    codes.CATEGORY_NOT_SPACE: r"\S",
    codes.CATEGORY_WORD: r"\w",
    codes.CATEGORY_NOT_WORD: r"\W",
}
MAX_VARIANTS = 12

WHOLE = 100_000
"""Characters of a text that is searched as a whole; what is quadratic takes minutes for all attacks of that size."""


class Source(NamedTuple):
    """A pattern of ours: its module and name, its text, its flags; `text` is None if it is built later.

    `methods` are those by which it is used; none are known where it is handed on.
    """

    place: str
    text: str | bytes | None
    flags: int
    methods: frozenset[str] = frozenset()


def _folded(chars: Set[int]) -> frozenset[int]:
    return frozenset(chars | {ord(c) for x in chars for c in (chr(x).lower(), chr(x).upper()) if len(c) == 1})


def _chars(op: Any, argument: Any, *, fold: bool) -> frozenset[int]:
    """Return which characters of ALPHABET an atom takes."""
    every = frozenset(ALPHABET)
    if op is codes.LITERAL:
        return _folded({argument}) if fold else frozenset({argument})
    if op is codes.NOT_LITERAL:
        return every - {argument}
    if op is codes.ANY:
        return every - {10}
    if op is codes.RANGE:
        members = frozenset(char for char in ALPHABET if argument[0] <= char <= argument[1])
        return _folded(members) if fold else members
    if op is codes.CATEGORY:
        return frozenset(char for char in ALPHABET if re.match(_CATEGORIES[argument], chr(char), re.ASCII))
    taken = frozenset[int]().union(*(_chars(*item, fold=fold) for item in argument if item[0] is not codes.NEGATE))
    return every - taken if argument[0][0] is codes.NEGATE else taken


_ATOMS = (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN)


def _parts(op: Any, argument: Any) -> list[Any]:
    """Return the sequences inside of a node."""
    if op in REPEATS:
        return [argument[2]]
    if op is codes.SUBPATTERN:
        return [argument[3]]
    if op is codes.BRANCH:
        return list(argument[1])
    if op is codes.ATOMIC_GROUP:
        return [argument]
    if op in (codes.ASSERT, codes.ASSERT_NOT):
        return [argument[1]]
    if op is codes.GROUPREF_EXISTS:
        return [part for part in argument[1:] if part is not None]
    return []


def _atoms(sequence: Any, *, fold: bool) -> Iterator[frozenset[int]]:
    for op, argument in sequence:
        if op in _ATOMS:
            yield _chars(op, argument, fold=fold)
        for part in _parts(op, argument):
            yield from _atoms(part, fold=fold)


class Pumps:
    """The attack strings of one pattern, as (before, pumped, after)."""

    def __init__(self, text: str | bytes, flags: int = 0) -> None:
        self.tree = parser.parse(text, flags)
        self._fold = bool(flags & re.IGNORECASE) or re.search(r"\(\?[a-z]*i", str(text)) is not None
        atoms = list(dict.fromkeys(_atoms(self.tree, fold=self._fold)))
        kinds: dict[tuple[bool, ...], int] = {}
        for index in _PREFERRED:
            kinds.setdefault(tuple(ALPHABET[index] in atom for atom in atoms), ALPHABET[index])
        self.letters = list(kinds.values())
        """One character of each kind that the pattern tells apart."""
        self._groups: dict[int, str] = {}

    def _letters_of(self, chars: frozenset[int]) -> list[str]:
        return [chr(letter) for letter in self.letters if letter in chars]

    def samples(self, sequence: Any, *, full: bool) -> list[str]:
        """Return a few texts that a sequence takes, short ones, or ones in which whatever is optional is there."""
        options = [self._node(op, argument, full=full) for op, argument in sequence]
        width = max((len(texts) for texts in options), default=0)
        rows = [[texts[min(row, len(texts) - 1)] for texts in options] for row in range(min(width, MAX_VARIANTS))]
        return list(dict.fromkeys("".join(row) for row in rows)) or [""]

    def _node(self, op: Any, argument: Any, *, full: bool) -> list[str]:
        if op in _ATOMS:
            return self._letters_of(_chars(op, argument, fold=self._fold))[:MAX_VARIANTS] or ["a"]
        if op in REPEATS:
            count = min(argument[0], 300) or int(full and argument[1] > 0)
            return [text * count for text in self.samples(argument[2], full=full)] if count else [""]
        if op is codes.BRANCH:
            return [text for branch in argument[1] for text in self.samples(branch, full=full)[:3]]
        if op is codes.GROUPREF:
            return [self._groups.get(argument, "a")]
        if op in (codes.ASSERT, codes.ASSERT_NOT, codes.AT):
            return [""]
        texts = [text for part in _parts(op, argument)[:1] for text in self.samples(part, full=full)] or [""]
        if op is codes.SUBPATTERN and argument[0] is not None:
            self._groups[argument[0]] = texts[0]
        return texts

    def _repeats(self, sequence: Any, before: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Yield each repeated part, with texts that lead to it."""
        for op, argument in sequence:
            if op in REPEATS and argument[1] > 1:
                yield before, argument[2]
            for part in _parts(op, argument):
                yield from self._repeats(part, before)
            short, long = self._node(op, argument, full=False), self._node(op, argument, full=True)
            before = tuple(
                dict.fromkeys(text + more for text, more in zip(before * 2, [short[0], long[-1]] * 2, strict=False))
            )[:3]

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        letters = [chr(letter) for letter in self.letters]
        seen: dict[tuple[str, str], None] = dict.fromkeys(("", letter) for letter in letters)
        for before, body in self._repeats(self.tree, ("",)):
            bodies = dict.fromkeys(self.samples(body, full=False) + self.samples(body, full=True))
            bodies |= dict.fromkeys(one + two for one, two in islice(product(bodies, bodies), 36))
            for pumped, text in product(filter(None, bodies), before):
                seen[text, pumped] = None
                seen["", text + pumped] = None
        for lead, pumped in seen:
            for mismatch in self._mismatches(pumped):
                yield lead, pumped, mismatch

    def _mismatches(self, pumped: str) -> list[str]:
        """Return characters of other kinds than what was pumped: the rarest stops most, but may be what is wanted."""
        others = [chr(letter) for letter in self.letters if chr(letter) not in pumped]
        return list(dict.fromkeys([*others[-1:], *others[:1]])) or [""]


def sources() -> Iterator[Source]:
    """Yield each pattern that is given to `re` or `regex` anywhere in the package."""
    for info in pkgutil.walk_packages(scanner.__path__, "scanner."):
        if not info.name.endswith("__main__"):
            yield from _of_module(importlib.import_module(info.name))


def _of_module(module: Any) -> Iterator[Source]:
    tree = ast.parse(Path(str(module.__file__)).read_text())
    named = {
        id(node.value): target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    bodies = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    functions = {id(part): body.name for body in bodies for part in ast.walk(body)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner, method = node.func.value, node.func.attr
            if isinstance(owner, ast.Name) and owner.id in ("re", "regex") and method != "escape":
                name = named.get(id(node), "") if method == "compile" else ""
                is_private = name.startswith("_")
                uses = {method} if method != "compile" else _uses(tree, name) if is_private else set()
                text, flags = _evaluated(module, node)
                place = f"{module.__name__.removeprefix('scanner.')} {name or functions.get(id(node), text)}"
                yield Source(place, text, flags, frozenset(uses))


def _uses(tree: ast.Module, name: str) -> set[str]:
    """Return the methods of a pattern that its module calls; none if it hands the pattern on."""
    calls = {
        id(node.value): node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }
    others = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)]
    return set(calls.values()) if all(id(node) in calls for node in others) else set()


def _evaluated(module: Any, call: ast.Call) -> tuple[str | bytes | None, int]:
    flags = [arg for arg in (*call.args, *(keyword.value for keyword in call.keywords)) if _is_flag(arg)]
    names = vars(module) | {"re": re}
    try:
        flag = eval(ast.unparse(flags[0]), names) if flags else 0  # noqa: S307
        return eval(ast.unparse(call.args[0]), names), int(flag)  # noqa: S307
    except NameError:
        return None, 0


def _is_flag(node: ast.expr) -> bool:
    return re.fullmatch(r"(?:(?:re|regex)\.[A-Z]+(?: \| )?)+", ast.unparse(node)) is not None


def attack(source: Source, size: int, most: int) -> None:
    """Try up to `most` attacks of a size on a pattern, by the methods by which it is used, or else everywhere."""
    if source.text is None:
        raise ValueError(f"{source.place} is built at run time")
    pattern = re.compile(source.text, source.flags)
    for text in _attacks(Pumps(source.text, source.flags), size, most):
        subject: Any = text.encode("latin-1", "replace") if isinstance(source.text, bytes) else text
        once = source.methods & {"match", "fullmatch"}
        for method in once:
            getattr(pattern, method)(subject)
        if once != source.methods or not once:
            for _ in pattern.finditer(subject):
                pass


def attack_rule(text: str, size: int, most: int) -> None:
    """Try attacks on a pattern as rules have it, which the `regex` package searches."""
    import regex

    unnamed = re.sub(r"\(\?P<\w+>", "(", text) if "(?P=" not in text else text
    pattern = regex.compile(text, regex.ASCII | regex.MULTILINE)
    for subject in _attacks(Pumps(unnamed, re.ASCII | re.MULTILINE), size, most):
        for _ in pattern.finditer(subject):
            pass


def _attacks(pumps: Pumps, size: int, most: int) -> Iterator[str]:
    every = list(pumps)
    for before, pumped, after in every[:: max(1, len(every) // most)]:
        yield (before + pumped * (size // len(pumped) + 1))[:size] + after
