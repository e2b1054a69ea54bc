"""What was known then, what a campaign billed, and how an ERP's file is read."""

from __future__ import annotations

import io
import json
import re
from datetime import date, datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from releveur import clock
from releveur.campaigns import closing, explaining, signing
from releveur.contracts.models import Contract, Coverage
from releveur.fleet.models import Device
from releveur.importing import invoiced
from releveur.readings.models import Reading
from releveur.rules.comparison import Code
from releveur.rules.schedule import PARIS
from tests.factories import (
    DUE_ON,
    OPENED,
    a_billed_estimate,
    a_billed_reading,
    a_campaign,
    a_contact,
    a_contract,
    a_customer,
    a_dealer,
    a_device,
    a_reading,
    meter_of,
)
from tests.invoices import a_row, a_table, compare, why

pytestmark = pytest.mark.django_db

LATER = datetime(2022, 6, 1, 9, 0, tzinfo=PARIS)


class TestWhatWasKnownThen:
    @pytest.fixture(autouse=True)
    def summer(self) -> None:
        clock.set(LATER)
        a_dealer()

    @pytest.fixture
    def device(self) -> Device:
        return a_device(a_customer(), serial="3923656030", volumes={"mono": 507}, mono=39_684)

    def test_the_index_billed_for_the_period_itself_does_not_begin_it(
        self, device: Device, tmp_path: Path
    ) -> None:
        a_billed_reading(meter_of(device), DUE_ON, 41_200)
        a_billed_reading(meter_of(device), date(2022, 5, 20), 42_000)
        answer = compare("--due-until", DUE_ON, "--with", a_table(tmp_path, [a_row()]))
        assert answer["lines"]["equal"] == 1

    def test_a_reading_after_the_deadline_comes_too_late(
        self, device: Device, tmp_path: Path
    ) -> None:
        a_reading(meter_of(device), date(2022, 5, 10), 41_200)
        invoices = a_table(tmp_path, [a_row(**{"Date nouveau relevé": "10/05/2022"})])

        late = compare("--due-until", DUE_ON, "--with", invoices)
        assert late["known_until"] == "2022-04-28"
        assert late["impressions"] == {"ours": 1_500, "theirs": 1_516, "difference": -16}
        assert why(late) == {("3923656030", "MONO"): ["READING_NOT_TAKEN"]}

        known = ("--known-until", "2022-05-31")
        assert compare("--due-until", DUE_ON, "--with", invoices, *known)["differences"] == []

    def test_a_late_real_value_settles_the_estimates_before_it(
        self, device: Device, tmp_path: Path
    ) -> None:
        """The seed's E2, as the ERP invoices it: the new index less the one billed last."""
        a_billed_estimate(meter_of(device), DUE_ON, 41_184)
        a_billed_reading(meter_of(device), date(2022, 7, 5), 42_000)
        clock.set(datetime(2022, 9, 1, 9, tzinfo=PARIS))
        row = a_row(**{
            "Ancien index": "41184", "Date ancien relevé": "05/04/2022", "Quantité": "816",
            "Nouvel index": "42000", "Date nouveau relevé": "05/07/2022",
        })  # fmt: skip
        answer = compare("--due-until", "2022-07-05", "--with", a_table(tmp_path, [row]))
        assert answer["lines"]["equal"] == 1

    def test_a_contract_that_forbids_estimates_bills_nothing(self, tmp_path: Path) -> None:
        contract = a_contract(customer := a_customer(), estimation_allowed=False)
        a_device(customer, serial="3923656030", contract=contract, mono=39_684)
        answer = compare("--due-until", DUE_ON, "--with", a_table(tmp_path, [a_row()]))
        assert why(answer) == {("3923656030", "MONO"): ["NO_ESTIMATE_ALLOWED"]}

    def test_a_device_that_left_is_billed_once_more_in_that_period_only(
        self, device: Device, tmp_path: Path
    ) -> None:
        left = date(2022, 2, 20)
        Coverage.objects.update(until=left)
        a_reading(meter_of(device), left, 40_500, occasion=Reading.Occasion.REMOVAL)
        row = a_row(**{
            "Nouvel index": "40500", "Date nouveau relevé": "20/02/2022", "Quantité": "816",
        })  # fmt: skip
        path = a_table(tmp_path, [row])
        assert compare("--due-until", DUE_ON, "--with", path)["lines"]["equal"] == 1
        clock.set(datetime(2022, 9, 1, 9, tzinfo=PARIS))
        later = compare("--due-until", "2022-07-05", "--with", path)
        assert why(later) == {("3923656030", "MONO"): ["NOT_COVERED"]}

    def test_a_day_that_is_not_over_is_refused(self, device: Device, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="2022-07-05"):
            compare("--due-until", "2022-07-05", "--with", a_table(tmp_path, [a_row()]))


class TestACampaign:
    def test_its_basis_is_compared_before_and_after_the_signature(self, tmp_path: Path) -> None:
        clock.set(OPENED)
        a_dealer()
        a_contact(customer := a_customer())
        device = a_device(customer, serial="3923656030", mono=39_684)
        a_reading(meter_of(device), DUE_ON, 41_200)
        campaign = a_campaign()
        invoices = a_table(tmp_path, [a_row()])

        assert compare(campaign.pk, "--with", invoices)["lines"]["equal"] == 1
        closing.close_early(campaign.pk, now=OPENED)
        signing.sign(campaign.pk, by="Mme Roy", now=OPENED)
        assert compare(campaign.pk, "--with", invoices)["lines"]["equal"] == 1

    def test_what_was_signed_here_and_the_file_forgot_is_to_be_looked_at(
        self, tmp_path: Path
    ) -> None:
        clock.set(OPENED)
        a_dealer()
        device = a_device(a_customer(), serial="3923656030")
        a_reading(meter_of(device), DUE_ON, 41_200)
        a_reading(meter_of(device, "color"), DUE_ON, 92_910)
        campaign = a_campaign()
        closing.close_early(campaign.pk, now=OPENED)
        signing.sign(campaign.pk, by="Mme Roy", now=OPENED)

        answer = compare(campaign.pk, "--with", a_table(tmp_path, [a_row()]))

        assert why(answer) == {("3923656030", "COLOR"): ["NOT_IN_FILE"]}

    def test_what_export_basis_wrote_is_read_as_it_is(self, tmp_path: Path) -> None:
        clock.set(OPENED)
        a_dealer()
        device = a_device(a_customer(), serial="3923656030")
        a_reading(meter_of(device), DUE_ON, 41_200)
        a_reading(meter_of(device, "color"), DUE_ON, 92_910)
        campaign, output = a_campaign(), tmp_path / "basis"
        for form in ("csv", "xlsx"):
            call_command(
                "export_basis", str(campaign.pk), "--format", form, "--output", str(output),
                stdout=io.StringIO(),
            )  # fmt: skip
            assert compare(campaign.pk, "--with", output)["lines"]["equal"] == 2


class TestTheFile:
    @pytest.fixture(autouse=True)
    def device(self) -> Device:
        clock.set(LATER)
        a_dealer()
        contract = a_contract(customer := a_customer(), number="SSC-1007")
        device = a_device(customer, serial="3923656030", contract=contract)
        a_reading(meter_of(device), DUE_ON, 41_200)
        a_reading(meter_of(device, "color"), DUE_ON, 92_910)
        return device

    def test_one_row_per_device_with_columns_per_meter(self, tmp_path: Path) -> None:
        wide = {
            "Matricule": "3923656030", "Date": "05/04/2022",
            "Ancien Noir": "39684", "Nouveau Noir": "41200", "Quantité Noir": "1516",
            "Ancien Couleur": "89675", "Nouveau Couleur": "92910", "Quantité Couleur": "3235",
            "Ancien Scan": "0", "Nouveau Scan": "0", "Quantité Scan": "",
        }  # fmt: skip
        answer = compare("--due-until", DUE_ON, "--with", a_table(tmp_path, [wide]))
        assert answer["lines"]["equal"] == answer["lines"]["all"] == 2

    def test_a_contract_of_one_device_names_it(self, tmp_path: Path) -> None:
        rows = [
            a_row(""),
            a_row("", "Couleur", **{"Ancien index": "89675", "Nouvel index": "92910",
                                    "Quantité": "3235"}),
        ]  # fmt: skip
        answer = compare("--due-until", DUE_ON, "--with", a_table(tmp_path, rows))
        assert answer["lines"]["equal"] == answer["lines"]["all"] == 2

    def test_a_contract_invoiced_as_a_whole_is_compared_by_its_sums(
        self, device: Device, tmp_path: Path
    ) -> None:
        second = a_device(a_customer(), contract=Contract.objects.get(), mono=100)
        a_reading(meter_of(second), DUE_ON, 300)
        whole = {"N° de contrat": "SSC-1007", "N° de série": ""}
        black, colour = whole | {"Compteur": "Noir"}, whole | {"Compteur": "Couleur"}
        rows = [black | {"Quantité": "1716"}, colour | {"Quantité": "3300"}]
        answer = compare("--due-until", DUE_ON, "--with", a_table(tmp_path, rows))
        assert answer["lines"]["equal"] == 1
        assert why(answer) == {("SSC-1007", "COLOR"): ["NO_INDEXES"]}
        assert answer["impressions"]["difference"] == -65

    def test_a_contract_nobody_knows_is_named(self, tmp_path: Path) -> None:
        row = a_row("") | {"N° de contrat": "SSC-1"}
        answer = compare("--due-until", DUE_ON, "--with", a_table(tmp_path, [row]))
        assert why(answer)["SSC-1", "MONO"] == ["SERIAL_UNKNOWN"]

    def test_a_mapping_names_other_headings(self, tmp_path: Path) -> None:
        mapping = tmp_path / "artis.toml"
        mapping.write_text(
            '[columns]\n"N° Série" = "N° de série"\n"Grandeur" = "Compteur"\n'
            '"Avant" = "Ancien index"\n"Après" = "Nouvel index"\n"Copies" = "Quantité"\n'
        )
        row = {"N° Série": "3923656030", "Grandeur": "Noir", "Avant": "39684", "Après": "41200",
               "Copies": "1516,00"}  # fmt: skip
        path = a_table(tmp_path, [row])
        answer = compare("--due-until", DUE_ON, "--with", path, "--mapping", mapping)
        assert answer["lines"]["equal"] == 1

    def test_the_export_of_artis_is_read_by_the_mapping_shipped(self, tmp_path: Path) -> None:
        headings = ["N° SSC ARTIS", "N° Série", "Unité de ventilation", "Compteur Facturé",
                    "Date du compteur", "Type du relevé facturé", "Dernier Compteur Facturé",
                    "Date du compteur", "Type de relevé", "Nombre Copies Facturées"]  # fmt: skip
        values = ["SSC-1007", "3923656030", "Noir", "41200", "05/04/2022", "Relevé client",
                  "39684", "05/01/2022", "Installation chez le client", "1516"]  # fmt: skip
        path = tmp_path / "suivi.csv"
        path.write_text(f"{';'.join(headings)}\n{';'.join(values)}\n", encoding="cp1252")
        answer = compare("--due-until", DUE_ON, "--with", path, "--mapping", "artis_factures")
        assert (answer["lines"]["equal"], answer["warnings"]) == (1, [])

    def test_a_nature_nobody_knows_is_named_and_left_aside(self, tmp_path: Path) -> None:
        answer = compare(
            "--due-until", DUE_ON, "--with", a_table(tmp_path, [a_row(Nature="au pif")])
        )
        assert answer["lines"]["equal"] == 1
        assert [warning["value"] for warning in answer["warnings"]] == ["au pif"]

    def test_what_cannot_be_read_is_listed_and_nothing_is_compared(self, tmp_path: Path) -> None:
        path = a_table(tmp_path, [a_row(Quantité="1.516"), a_row(meter="")])
        out = io.StringIO()
        with pytest.raises(CommandError) as refusal:
            call_command(
                "compare_basis", "--due-until", str(DUE_ON), "--with", str(path), "--json",
                stdout=out,
            )  # fmt: skip
        assert refusal.value.returncode == 1
        assert [error["line"] for error in json.loads(out.getvalue())["errors"]] == [2, 3]

    def test_a_file_that_is_there_is_never_overwritten(self, tmp_path: Path) -> None:
        path = a_table(tmp_path, [a_row()])
        with pytest.raises(CommandError):
            compare("--due-until", DUE_ON, "--with", path, "--output", path)


def test_the_page_of_comparison_names_every_cause_and_every_heading() -> None:
    page = (Path(__file__).parent.parent / "docs" / "comparison.md").read_text()
    assert set(Code) - {Code.UNKNOWN} <= set(re.findall(r"\b[A-Z_]{6,}\b", page))
    assert set(Code) == set(explaining.TITLES) == set(explaining.SENTENCES)
    for spellings in invoiced.INVOICED.values():
        assert spellings[0] in page
