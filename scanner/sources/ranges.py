"""A Change of a CI system, looked up in the repository: which commits are to be looked at, and why these."""

from __future__ import annotations

from scanner.errors import GitError
from scanner.model import Change, ChangeKind, ResolvedRange
from scanner.sources import git


def resolve(change: Change, repository: git.Repository, *, allow_shallow: bool = False) -> ResolvedRange:
    """Return the range of `change`; raises GitError where an end is missing or the clone is shallow.

    The commits of a range are always all that the change brought in, and may be more where the platform did not
    say enough: a new branch counts from its fork point with the nearest other branch of the remote.
    """
    if change.kind is ChangeKind.NOTHING:
        return ResolvedRange("nothing", why=change.event)
    if repository.is_shallow and not allow_shallow:
        raise GitError(
            "this clone is shallow, so what the change brought in cannot be told: "
            "fetch the whole history (actions/checkout: fetch-depth: 0; git fetch --unshallow)"
        )
    if change.kind is ChangeKind.FULL:
        return ResolvedRange("history", why=f"{change.event}: everything")
    head = _commit(repository, str(change.head), "the new end of the range")
    if change.kind is ChangeKind.COMPARE:
        return _compared(repository, change, head)
    return _updated(repository, change, head)


def _compared(repository: git.Repository, change: Change, head: str) -> ResolvedRange:
    base = _commit(repository, str(change.base), "the base of the range")
    fork = _merge_base(repository, base, head)
    if fork is None:
        raise GitError(f"{base[:12]} and {head[:12]} have no common commit: not a range")
    if fork == head:
        return ResolvedRange("nothing", head=head, why=f"{change.event}: {head[:12]} is in its base already")
    return _range(repository, fork, head, f"{change.event}: from the merge base with {base[:12]}", trusted=base)


def _updated(repository: git.Repository, change: Change, head: str) -> ResolvedRange:
    if change.base is not None:
        before = _known_commit(repository, change.base)
        if before == head:
            return ResolvedRange("nothing", head=head, why=f"{change.event}: nothing was added to {head[:12]}")
        if before is not None and _merge_base(repository, before, head) == before:
            return _range(repository, before, head, f"{change.event}: what was added to {before[:12]}", trusted=before)
    told = "the branch is new" if change.base is None else "the branch was rewritten"
    fork = _nearest_fork(repository, change, head)
    if fork is None:
        return ResolvedRange("history", head=head, why=f"{change.event}: {told} and no other branch tells its start")
    if fork == head:
        return ResolvedRange(
            "nothing", head=head, why=f"{change.event}: {told}, all of it is on another branch already"
        )
    return _range(repository, fork, head, f"{change.event}: {told}, so from its fork point", trusted=fork)


def _nearest_fork(repository: git.Repository, change: Change, head: str) -> str | None:
    """Return the commit at which `head` left the nearest other branch of the remote, or None if there is none."""
    own = f"refs/remotes/origin/{change.branch}"
    names = git.run(repository, "for-each-ref", "--format=%(refname)", "refs/remotes/").decode("utf-8", "replace")
    others = [name for name in names.splitlines() if name not in (own, "refs/remotes/origin/HEAD")]
    preferred = f"refs/remotes/origin/{change.default_branch}"
    if preferred in others and change.default_branch:
        others = [preferred]
    tips = {tip for name in others if (tip := _known_commit(repository, name)) is not None}
    forks = {fork for tip in tips if (fork := _merge_base(repository, tip, head)) is not None}
    return min(forks, key=lambda fork: (_count(repository, fork, head), fork), default=None)


def _range(repository: git.Repository, base: str, head: str, why: str, *, trusted: str) -> ResolvedRange:
    return ResolvedRange("range", base, head, why, _count(repository, base, head), trusted)


def _count(repository: git.Repository, base: str, head: str) -> int:
    return int(git.run(repository, "rev-list", "--count", head, f"^{base}", "--"))


def _merge_base(repository: git.Repository, one: str, other: str) -> str | None:
    return git.run(repository, "merge-base", one, other, allowed=(0, 1)).decode().strip() or None


def _known_commit(repository: git.Repository, revision: str) -> str | None:
    arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return git.run(repository, *arguments, allowed=(0, 1, 128)).decode().strip() or None


def _commit(repository: git.Repository, revision: str, what: str) -> str:
    found = _known_commit(repository, revision)
    if found is None:
        raise GitError(f"{what}, {revision}, is not in this clone: fetch the whole history (fetch-depth: 0)")
    return found
