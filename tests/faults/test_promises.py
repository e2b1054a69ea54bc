"""Every fault that is tried says what it promises, and the page of promises says nothing else.

The page's texts are compared with the first paragraphs of the files of this folder, and what is taken out to see a test
fail with the product's source.

Without `promises.promises()` in the page's making, a promise could stand there that no test keeps; without the
comparison, a sentence « Without … » could name a line that is gone.
"""

from __future__ import annotations

from tests.faults import promises, without


def test_every_file_says_what_it_promises_and_what_makes_it_fail() -> None:
    assert promises.unsaid(promises.promises()) == []


def test_no_fault_has_two_files() -> None:
    numbers = [one.number for one in promises.promises() if one.number]
    assert len(numbers) == len(set(numbers))


def test_the_page_says_what_the_tests_say() -> None:
    ours = {one.file: (one.says, one.tried) for one in promises.promises()}
    assert promises.told(promises.PAGE.read_text()) == ours, "script/test faults --promises"


def test_what_is_taken_out_to_see_a_test_fail_still_stands_in_the_product() -> None:
    assert without.stale(without.removals()) == []
    missing = {one.test.partition("::")[0] for one in without.removals()
               if not (without.HERE / one.test.partition("::")[0]).is_file()}  # fmt: skip
    assert not missing
