"""A question opens where the number is, under its row: what we saw, and what to do."""

from __future__ import annotations

from collections.abc import Mapping

from releveur.campaigns.answering import Question
from releveur.readings import wording
from releveur.rules.validation import Finding
from releveur.web.portal.sheet import Row, Sheet


def ask(sheet: Sheet, questions: Mapping[int, Question]) -> None:
    """Put each device's question into its row, in the reader's words."""
    for row in sheet.rows:
        question = questions.get(row.device.pk)
        if question is None:
            continue
        row.question = question
        row.sentences = [_sentence(finding, row) for finding in question.findings]
        if question.date_fault:
            row.date_error = wording.date_sentence(question.date_fault)


def _sentence(finding: Finding, row: Row) -> str:
    labels = {str(cell.due.meter_id): cell.kind.label for cell in row.cells}
    return wording.sentence(finding, meter=labels.get(finding.key, ""))
