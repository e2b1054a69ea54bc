"""Every fault that is tried says what it promises, and the page of promises says nothing else.

The page's texts are compared with the first paragraphs of the files of this folder.

Without `promises.promises()` in the page's making, a promise could stand there that no test keeps.
"""

from __future__ import annotations

from tests.faults import promises


def test_every_file_says_what_it_promises_and_what_makes_it_fail() -> None:
    assert promises.unsaid(promises.promises()) == []


def test_no_fault_has_two_files() -> None:
    numbers = [one.number for one in promises.promises() if one.number]
    assert len(numbers) == len(set(numbers))


def test_the_page_says_what_the_tests_say() -> None:
    ours = {one.file: (one.says, one.tried) for one in promises.promises()}
    assert promises.told(promises.PAGE.read_text()) == ours, "script/test faults --promises"
