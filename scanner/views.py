"""Texts that came out of others, and how to get from a place in one to where it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from scanner.decoders import escapes, markup
from scanner.decoders.layer import Layer, compose_whole
from scanner.decoders.spans import Spans
from scanner.decoders.triggers import Span
from scanner.engine.hits import Hit, Hits
from scanner.structured.sniffing import format_of


class Base:
    """The text to whose lines and columns matches belong: the blob's, or that of a member of a container."""

    def __init__(self, text: bytes, member: str, decoding: tuple[str, ...], hits: Sequence[Hit] = ()) -> None:
        self.text = text
        self.member = member
        self.decoding = decoding
        self.hits = Hits()
        self.hits.hits += hits
        self.seen: set[tuple[int, bytes]] = set()
        self._known: set[tuple[int, str, int, int]] = set()
        self._known_hits = 0

    def is_new(self, hit: Hit) -> bool:
        """Return whether no hit says the same of the same place."""
        for known in self.hits.hits[self._known_hits :]:
            self._known.add((known.rule, known.secret, known.start, known.end))
        self._known_hits = len(self.hits.hits)
        return (hit.rule, hit.secret, hit.start, hit.end) not in self._known


class View(NamedTuple):
    """A text, and how to get from its spans to those of the base and to the names of the decoders.

    Only a document, which is all of a text from its beginning on, is asked for its structure: how a part begins
    says nothing. `changes` are the spans in which it differs from the view that it was made of, None if everything
    does: what is encoded elsewhere is seen there.
    """

    text: bytes
    to_base: Callable[[int, int], tuple[Span, tuple[str, ...]]]
    depth: int
    runs: list[Span]
    is_document: bool = False
    changes: Spans | None = None

    def touches_changes(self, start: int, end: int) -> bool:
        """Return whether a span has a part in what changed, or a neighbour there."""
        return self.changes is None or self.changes.touches(start, end)


def may_be_document(text: bytes) -> bool:
    """Return whether a text may be of a kind of which its structure says more than its lines."""
    return bool(format_of(text)) or markup.is_office_xml(text) or escapes.is_mail(text)


def document_layers(text: bytes) -> Iterator[Layer]:
    """Yield what the structure of a text says."""
    if markup.is_office_xml(text):
        yield compose_whole(text, markup.find_tags(text))
    if format_of(text):
        from scanner.structured.reading import read_structured

        yield from read_structured(text)
    if changes := escapes.find_quoted_printable(text):
        yield compose_whole(text, changes)


def as_it_is(start: int, end: int) -> tuple[Span, tuple[str, ...]]:
    """Return the place itself, of which no decoder made anything."""
    return (start, end), ()


def at_place(place: Span, decoding: tuple[str, ...]) -> Callable[[int, int], tuple[Span, tuple[str, ...]]]:
    """Return what gives one place for all of a text."""
    return lambda _start, _end: (place, decoding)


def layer_view(view: View, layer: Layer, data: bytes, *, is_document: bool) -> View:
    """Return the view on a layer of `view`."""

    def to_base(start: int, end: int) -> tuple[Span, tuple[str, ...]]:
        place, outer = view.to_base(*layer.span(start, end))
        return place, (*outer, layer.decoder(start, end))

    return View(data, to_base, view.depth - 1, [], is_document, None if is_document else Spans(layer.changes()))
