"""A table of histories, and the story of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attribution.histories import History, plain

TABLE = [
    (
        "still there",
        "A: a=S",
        """
        S a: in HEAD, 100 days [main]
          introduced A a
        """,
    ),
    (
        "removed, and kept by a tag",
        """
        A:    a=x
        B A:  a=xS    tag:v1
        C B:  a=x     @12
        """,
        """
        S a: removed, still in history, 11 days [main v1]
          introduced B a
          removed C a
        """,
    ),
    (
        "the file is deleted",
        """
        A:    a=S b=x
        B A:  b=x
        """,
        """
        S a: removed, still in history, 1 days [main]
          introduced A a
          removed B a
        """,
    ),
    (
        "edited around the secret",
        """
        A:    a=S
        B A:  a=xS
        C B:  a=xSy
        """,
        """
        S a: in HEAD, 100 days [main]
          introduced A a
        """,
    ),
    (
        "comes, goes, comes back, and goes again",
        """
        A:    a=S
        B A:  a=x
        C B:  a=S
        D C:  a=x
        """,
        """
        S a: removed, still in history, 3 days [main]
          introduced A a
          removed B a
          reintroduced C a
          removed D a
        """,
    ),
    (
        "a revert brings the very same file back",
        """
        A:    a=S
        B A:
        C B:  a=S
        """,
        """
        S a: in HEAD, 100 days [main]
          introduced A a
          removed B a
          reintroduced C a
        """,
    ),
    (
        "two secrets in one file",
        """
        A:    a=S
        B A:  a=ST
        C B:  a=T
        """,
        """
        S a: removed, still in history, 2 days [main]
          introduced A a
          removed C a
        T a: in HEAD, 99 days [main]
          introduced B a
        """,
    ),
    (
        "a rename",
        """
        A:    a=Sx
        B A:  b=Sx
        """,
        """
        S b: in HEAD, 100 days [main]
          introduced A a
          moved B b from a
        """,
    ),
    (
        "a rename and an edit in one commit",
        """
        A:    a=Sxxxxxx
        B A:  b=yyyyyyyyyS
        """,
        """
        S b: in HEAD, 100 days [main]
          introduced A a
          moved B b from a
        """,
    ),
    (
        "renamed, renamed again, removed",
        """
        A:    a=S
        B A:  b=S
        C B:  d/c=xS
        D C:  d/c=x
        """,
        """
        S d/c: removed, still in history, 3 days [main]
          introduced A a
          moved B b from a
          moved C d/c from b
          removed D d/c
        """,
    ),
    (
        "a folder is renamed: each file keeps its name",
        """
        A:    d/a=S d/b=xS
        B A:  e/a=S e/b=xS
        """,
        """
        S e/a: in HEAD, 100 days [main]
          introduced A d/a
          moved B e/a from d/a
        S e/b: in HEAD, 100 days [main]
          introduced A d/b
          moved B e/b from d/b
        """,
    ),
    (
        "a copy is a finding of its own",
        """
        A:    a=S
        B A:  a=S b=S
        """,
        """
        S a: in HEAD, 100 days [main]
          introduced A a
        S b: in HEAD, 99 days [main]
          introduced B b
        """,
    ),
    (
        "a copy whose original goes later",
        """
        A:    a=S
        B A:  a=S b=S
        C B:  b=S
        """,
        """
        S a: removed, still in history, 2 days [main]
          introduced A a
          removed C a
        S b: in HEAD, 99 days [main]
          introduced B b
        """,
    ),
    (
        "moved, then copied back: two places in HEAD are two findings",
        """
        A:    a=S
        B A:  b=S
        C B:  a=S b=S
        """,
        """
        S a: in HEAD, 98 days [main]
          reintroduced C a
        S b: in HEAD, 100 days [main]
          introduced A a
          moved B b from a
        """,
    ),
    (
        "one file becomes two",
        """
        A:    a=S
        B A:  b=S c=xS
        """,
        """
        S b: in HEAD, 100 days [main]
          introduced A a
          moved B b from a
        S c: in HEAD, 99 days [main]
          introduced B c
        """,
    ),
    (
        "a file becomes a folder",
        """
        A:    a=S
        B A:  a/b=S
        """,
        """
        S a/b: in HEAD, 100 days [main]
          introduced A a
          moved B a/b from a
        """,
    ),
    (
        "introduced on a branch, and merged",
        """
        A:      a=x
        B A:    a=xS
        C A:    a=x b=y
        M C B:  a=xS b=y
        """,
        """
        S a: in HEAD, 99 days [main]
          introduced B a
        """,
    ),
    (
        "introduced on two branches, and merged",
        """
        A:      a=x
        B A:    a=xS
        C A:    a=xS b=y
        M C B:  a=xS b=y
        D M:    a=x b=y
        """,
        """
        S a: removed, still in history, 3 days [main]
          introduced B a
          introduced C a
          removed D a
        """,
    ),
    (
        "removed on a branch, and merged",
        """
        A:      a=S
        B A:    a=x
        C A:    a=S b=y
        M C B:  a=x b=y
        """,
        """
        S a: removed, still in history, 1 days [main]
          introduced A a
          removed B a
        """,
    ),
    (
        "removed on a branch that nobody merged",
        """
        A:      a=S
        B A:    a=x   fix
        C A:    a=Sy  main
        """,
        """
        S a: in HEAD, 100 days [fix main]
          introduced A a
          removed B a
        """,
    ),
    (
        "removed from HEAD, still on another branch",
        """
        A:      a=S
        B A:    a=Sx  old
        C A:    a=y   main
        """,
        """
        S a: on other refs, 100 days [main old]
          introduced A a
          removed C a
        """,
    ),
    (
        "only ever on another branch",
        """
        A:      a=x
        B A:    a=S   feature
        C A:    a=xx  main
        """,
        """
        S a: on other refs, 99 days [feature]
          introduced B a
        """,
    ),
    (
        "only a tag has it",
        """
        A:      a=x
        B A:    a=S   tag:lost
        C A:    a=xx  main
        """,
        """
        S a: on other refs, 99 days [lost]
          introduced B a
        """,
    ),
    (
        "only a stash has it",
        """
        A:      a=x
        B A:    a=S   refs:stash
        C A:    a=xx  main
        """,
        """
        S a: on other refs, 99 days [refs/refs/stash]
          introduced B a
        """,
    ),
    (
        "an evil merge brings it",
        """
        A:      a=x
        B A:    a=xy
        C A:    a=zx
        M C B:  a=zxyS
        """,
        """
        S a: in HEAD, 97 days [main]
          introduced M a
        """,
    ),
    (
        "an evil merge removes it",
        """
        A:      a=S
        B A:    a=Sy
        C A:    a=zS
        M C B:  a=zy
        """,
        """
        S a: removed, still in history, 3 days [main]
          introduced A a
          removed M a
        """,
    ),
    (
        "a merge drops what one side brought",
        """
        A:      a=x
        B A:    a=xS
        C A:    a=xy
        M C B:  a=xy
        """,
        """
        S a: removed, still in history, 2 days [main]
          introduced B a
          removed M a
        """,
    ),
    (
        "a merge drops what its first parent brought",
        """
        A:      a=x
        B A:    a=xS
        C A:    a=xy
        M B C:  a=xy
        """,
        """
        S a: removed, still in history, 2 days [main]
          introduced B a
          removed M a
        """,
    ),
    (
        "criss-cross merges bring nothing new",
        """
        A:      a=x    b=x
        B A:    a=xS   b=x
        C A:    a=x    b=xT
        M B C:  a=xS   b=xT   one
        N C B:  a=xS   b=xT
        O M N:  a=xS   b=x    main
        """,
        """
        S a: in HEAD, 99 days [main one]
          introduced B a
        T b: on other refs, 98 days [main one]
          introduced C b
          removed O b
        """,
    ),
    (
        "a merge of three",
        """
        A:        a=x
        B A:      a=x  b=S
        C A:      a=x  c=T
        D A:      a=xy
        M D B C:  a=xy b=S c=T
        """,
        """
        S b: in HEAD, 99 days [main]
          introduced B b
        T c: in HEAD, 98 days [main]
          introduced C c
        """,
    ),
    (
        "a subtree merge adds a prefix",
        """
        A:      a=x
        B:      f=S
        C B:    f=xS
        M A C:  a=x lib/f=xS
        D M:    a=x lib/f=x
        """,
        """
        S lib/f: removed, still in history, 3 days [main]
          introduced B f
          moved M lib/f from f
          removed D lib/f
        """,
    ),
    (
        "renamed on one branch, edited on another",
        """
        A:      a=S
        B A:    b=S
        C A:    a=Sy
        M C B:  b=Sy
        """,
        """
        S b: in HEAD, 100 days [main]
          introduced A a
          moved B b from a
        """,
    ),
    (
        "histories that begin apart",
        """
        A:      a=S
        B:      b=x
        M A B:  a=S b=x
        """,
        """
        S a: in HEAD, 100 days [main]
          introduced A a
        """,
    ),
    (
        "first by topology, whatever the dates say",
        """
        A:      a=x    @50
        B A:    a=S    @60
        C A:    a=xy b=S @40
        D B:    a=Sy   @1
        M D C:  a=Sy b=S @70
        """,
        """
        S a: in HEAD, 40 days [main]
          introduced B a
        S b: in HEAD, 60 days [main]
          introduced C b
        """,
    ),
    (
        "author and committer disagree",
        "A: a=S @1/8",
        """
        S a: in HEAD, 92 days, doubtful dates [main]
          introduced A a
        """,
    ),
    (
        "dates run backwards",
        """
        A:      a=S  @50
        B A:    a=x  @40
        """,
        """
        S a: removed, still in history, doubtful dates [main]
          introduced A a
          removed B a
          ? the dates run backwards, so how long it was exposed is not known
        """,
    ),
    (
        "a date in the future",
        "A: a=S @30000",
        """
        S a: in HEAD, doubtful dates [main]
          introduced A a
          ? the dates run backwards, so how long it was exposed is not known
        """,
    ),
    (
        "dates before 1970",
        """
        A:      a=S  @-20000
        B A:    a=x  @1
        """,
        """
        S a: removed, still in history, 20001 days, doubtful dates [main]
          introduced A a
          removed B a
        """,
    ),
    (
        "no ref reaches it",
        """
        A:      a=x
        B A:    a=S   :none
        C A:    a=xy  main
        """,
        """
        S a: unreachable []
          introduced B a
          ? since when no branch and no tag reaches it is not recorded
        """,
    ),
]


@pytest.mark.parametrize(("history", "expected"), [pytest.param(h, e, id=name) for name, h, e in TABLE])
def test_the_story_of_a_history(tmp_path: Path, history: str, expected: str) -> None:
    assert History(tmp_path / "r", history).stories(tmp_path) == plain(expected)
