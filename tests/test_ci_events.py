"""What the variables and payloads of CI systems mean."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.ci_events import change_of
from scanner.errors import UsageError
from scanner.model import Change, ChangeKind

A, B, NONE = "a" * 40, "b" * 40, "0" * 40
REPOSITORY = {"default_branch": "main"}


def github(event: str, **payload: Any) -> Change:
    return change_of({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event}, {"repository": REPOSITORY, **payload})


@pytest.mark.parametrize(
    ("change", "kind", "base", "head"),
    [
        (
            github("pull_request", pull_request={"base": {"sha": A}, "head": {"sha": B}}),
            ChangeKind.COMPARE,
            A,
            B,
        ),
        (github("merge_group", merge_group={"base_sha": A, "head_sha": B}), ChangeKind.COMPARE, A, B),
        (github("push", before=A, after=B, ref="refs/heads/x"), ChangeKind.UPDATE, A, B),
        (github("push", before=NONE, after=B, ref="refs/heads/x"), ChangeKind.UPDATE, None, B),
        (github("push", before=NONE, after=B, ref="refs/tags/v1"), ChangeKind.FULL, None, B),
        (github("push", before=A, after=NONE, ref="refs/heads/x", deleted=True), ChangeKind.NOTHING, None, None),
        (github("schedule"), ChangeKind.FULL, None, None),
        (github("workflow_dispatch"), ChangeKind.FULL, None, None),
        (
            change_of(
                {
                    "GITLAB_CI": "true",
                    "CI_PIPELINE_SOURCE": "merge_request_event",
                    "CI_MERGE_REQUEST_DIFF_BASE_SHA": A,
                    "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": B,
                    "CI_COMMIT_SHA": "c" * 40,
                }
            ),
            ChangeKind.COMPARE,
            A,
            B,
        ),
        (
            change_of(
                {
                    "GITLAB_CI": "true",
                    "CI_PIPELINE_SOURCE": "push",
                    "CI_COMMIT_BEFORE_SHA": NONE,
                    "CI_COMMIT_SHA": B,
                    "CI_COMMIT_BRANCH": "x",
                }
            ),
            ChangeKind.UPDATE,
            None,
            B,
        ),
        (change_of({"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "schedule"}), ChangeKind.FULL, None, None),
        (
            change_of(
                {
                    "BITBUCKET_BUILD_NUMBER": "1",
                    "BITBUCKET_PR_ID": "7",
                    "BITBUCKET_PR_DESTINATION_COMMIT": A[:12],
                    "BITBUCKET_COMMIT": B[:12],
                }
            ),
            ChangeKind.COMPARE,
            A[:12],
            B[:12],
        ),
        (
            change_of(
                {
                    "TF_BUILD": "True",
                    "BUILD_REASON": "PullRequest",
                    "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
                    "SYSTEM_PULLREQUEST_SOURCECOMMITID": B,
                }
            ),
            ChangeKind.COMPARE,
            "refs/remotes/origin/main",
            B,
        ),
        (change_of({"TF_BUILD": "True", "BUILD_REASON": "Schedule"}), ChangeKind.FULL, None, None),
        (
            change_of({"JENKINS_URL": "http://x", "CHANGE_TARGET": "main", "GIT_COMMIT": B}),
            ChangeKind.COMPARE,
            "refs/remotes/origin/main",
            B,
        ),
        (
            change_of({}, {"pull_request": {"base": {"sha": A}, "head": {"sha": B}}}),
            ChangeKind.COMPARE,
            A,
            B,
        ),
    ],
)
def test_what_an_event_asks_for(change: Change, kind: ChangeKind, base: str | None, head: str | None) -> None:
    assert (change.kind, change.base, change.head) == (kind, base, head)


@pytest.mark.parametrize(
    "payload",
    [{}, {"pull_request": None}, {"pull_request": {"base": "x", "head": {"sha": 7}}}],
)
def test_a_payload_without_its_ends_is_an_error_and_no_clean_scan(payload: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        github("pull_request", **payload)


def test_an_unknown_system_is_an_error() -> None:
    with pytest.raises(UsageError):
        change_of({})
