"""Worlds of any size, written by the database itself: seven devices a customer, one person asked for them.

Every number is made from the row's own, so that a world is the same whenever it is built.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from releveur import clock

DEVICES_A_CUSTOMER = 7
DAYS_A_PERIOD = 91
ONE_OF = 5
"""So many devices answer one: the others are estimated."""

FLEET = """
insert into dealer_dealer (id, name, legal, address, postal_code, town, phone, website, reply_to, sender_name,
    sender_address, logo, colour, hosting, holidays_of, successors, photo_below_estimate)
values (1, 'Bureautique Lafayette', '', '12 rue La Fayette', '75009', 'Paris', '01 53 20 11 00',
    'https://bureautique-lafayette.example', 'releves@bureautique-lafayette.example', 'Bureautique Lafayette',
    'releves@bureautique-lafayette.example', '', '#c8102e', '', '', 'SAME_DOMAIN', true);

insert into fleet_devicemodel (id, maker, name, colour, labels, shown_where, large_counts_twice)
select n, 'Xerox', 'B' || 7000 + n, 'YES', '{}', '', false from generate_series(1, 40) n;

insert into customers_customer (id, code, name, note, imported)
select n, 'CL' || to_char(n, 'FM000000'), 'Gramont Services ' || n, '', '{}' from generate_series(1, %(customers)s) n;

insert into customers_site (id, customer_id, name, address, postal_code, town, zone, imported)
select n, n, '', n || ' rue de Gramont', '75002', 'Paris', 'Europe/Paris', '{}'
from generate_series(1, %(customers)s) n;

insert into customers_contact (id, civility, first_name, last_name, department, email, address_key, phone, language,
    imported, session_version, copy_to)
select n, 'Mme', 'Alexandra', 'Martin ' || n, 'Comptabilité', mail, mail, '', 'fr', '{}', 1, ''
from generate_series(1, %(customers)s) n, lateral (select 'alexandra@client' || n || '.example' mail) m;

insert into fleet_respondent (id, contact_id, customer_id) select n, n, n from generate_series(1, %(customers)s) n;

insert into contracts_contract (id, number, customer_id, payer_code, payer_name, months, first_due_on,
    estimation_allowed, customer_reference, service_code, commitment_number, imported)
select n, 'CT' || to_char(n, 'FM000000'), n, '', '', 3, %(due)s, true, '', '', '', '{}'
from generate_series(1, %(customers)s) n;

insert into fleet_device (id, serial, fleet_number, model_id, mode, imported)
select n, '39' || to_char(n, 'FM00000000'), 'P-' || n, 1 + n %% 40, 'ASKED', '{}' from generate_series(1, %(devices)s) n;

insert into fleet_installation (id, device_id, site_id, location, since, kind, imported)
select n, n, (n - 1) / %(each)s + 1, 'Bureau ' || n, date '2019-01-07', 'DEFINITIVE', '{}'
from generate_series(1, %(devices)s) n;

insert into contracts_coverage (id, contract_id, device_id, since)
select n, (n - 1) / %(each)s + 1, n, date '2019-01-07' from generate_series(1, %(devices)s) n;

insert into fleet_meter (id, device_id, kind_id, asked, billed, imported)
select n, (n + 1) / 2, k.id, true, true, '{}' from generate_series(1, %(devices)s * 2) n
join fleet_meterkind k on k.code = case n %% 2 when 1 then 'MONO' else 'COLOR' end;
"""

HISTORY = """
insert into readings_reading (id, meter_id, segment, taken_on, recorded_at, value, quality, source, occasion, proposed)
select (m - 1) * %(past)s + k, m, 1, day, day, 20000 + m %% 977 + k * (900 + m %% 89), 'ACTUAL', 'IMPORT', 'PERIODIC', false
from generate_series(1, %(devices)s * 2) m, generate_series(1, %(past)s) k,
lateral (select %(due)s::date - (%(past)s + 1 - k) * %(period)s as day) d;

insert into readings_billed (id, meter_id, segment, taken_on, value, quality, origin, reading_id)
select meter_id, meter_id, 1, taken_on, value, 'ACTUAL', 'ERP', id from readings_reading where id %% %(past)s = 0;
"""

CLOSING = """
insert into campaigns_campaign (id, label, kind, why, due_until, state, opened_at, closes_at, signed_by)
values (1, '', 'PERIODIC', '', %(due)s, 'CLOSING', %(now)s::timestamptz - interval '20 days', %(now)s, '');

insert into campaigns_invitation (id, campaign_id, contact_id, uuid, link_version, key_hash, invited_at, reminder_1_at,
    reminder_2_at, reminder_3_at, asks_until)
select n, 1, n, md5(n::text)::uuid, 1, encode(sha256(n::text::bytea), 'hex'), t - interval '20 days', t - interval '15 days',
    t - interval '10 days', t - interval '5 days', t
from generate_series(1, %(customers)s) n, lateral (select %(now)s::timestamptz t) x;

insert into campaigns_duereading (id, campaign_id, kind, meter_id, due_on, coverage_id, installation_id, final)
select m, 1, 'PERIODIC', m, %(due)s, (m + 1) / 2, (m + 1) / 2, false from generate_series(1, %(devices)s * 2) m;

insert into campaigns_asked (id, invitation_id, due_reading_id)
select m, ((m + 1) / 2 - 1) / %(each)s + 1, m from generate_series(1, %(devices)s * 2) m;

insert into outbox_mail (id, "to", copy_to, language, kind, priority, sender, reply_to, subject, text, html, calendar,
    message_id, in_reply_to, key_hash, state, owed_at, sent_at, attempts, smtp_reply)
select n, 'alexandra@client' || n || '.example', '', 'fr', 'invitation', 0, 'x', '', 's', 't', 'h', '', '<' || n || '>',
    '', '', 'SENT', %(now)s, %(now)s, 1, '' from generate_series(1, %(customers)s) n;

insert into campaigns_notice (id, invitation_id, what, states, owed_at, mail_id)
select n, n, 'INVITED', %(now)s, %(now)s, n from generate_series(1, %(customers)s) n;
"""

ANSWERED = """
insert into readings_reading (id, meter_id, segment, taken_on, recorded_at, value, quality, source, occasion, proposed)
select %(devices)s * 2 * %(past)s + m, m, 1, %(due)s, %(now)s,
    20000 + m %% 977 + %(past)s * (900 + m %% 89) + (900 + m %% 89) * 11 / 10, 'ACTUAL', 'CUSTOMER', 'PERIODIC', false
from generate_series(1, %(devices)s * 2) m where (m + 1) / 2 %% %(one_of)s = 0;

update campaigns_duereading d set reading_id = r.id from readings_reading r
where r.meter_id = d.meter_id and r.id > %(devices)s * 2 * %(past)s;
"""

SIGNED = """
update campaigns_duereading d set reading_id = r.id from readings_reading r where r.meter_id = d.meter_id;

insert into campaigns_basisline (id, campaign_id, due_reading_id, position, printed, format_version)
select d.id, 1, d.id, d.id, jsonb_build_object('contract', t.number, 'payer_code', c.code, 'payer_name', c.name,
    'customer_reference', '', 'service_code', '', 'commitment_number', '', 'customer_code', c.code) ||
    jsonb_build_object('customer_name', c.name, 'site', '', 'address', p.address || ', 75002 Paris',
    'location', s.location, 'maker', 'Xerox', 'model', o.name, 'serial', v.serial, 'fleet_number', v.fleet_number,
    'meter', k.label_fr, 'meter_code', k.code, 'due_on', d.due_on) ||
    jsonb_build_object('previous_on', b.taken_on, 'previous_value', b.value, 'previous_nature', 'réel',
    'new_on', d.due_on, 'new_value', b.value + 950, 'new_nature', 'estimé', 'origin', 'système', 'estimated_how',
    'Estimé à ' || b.value + 950 || ' : 950 impressions en 91 jours depuis le relevé réel du ' || b.taken_on
    || '. Base : 10,44 par jour, moyenne des 365 jours avant ce relevé.', 'proof', 'non', 'net', 950,
    'of_this_period', 950, 'regularisation', 0, 'anomaly', ''), 1
from campaigns_duereading d join fleet_meter m on m.id = d.meter_id join fleet_meterkind k on k.id = m.kind_id
join fleet_device v on v.id = m.device_id join fleet_devicemodel o on o.id = v.model_id
join fleet_installation s on s.id = d.installation_id join customers_site p on p.id = s.site_id
join customers_customer c on c.id = p.customer_id join contracts_contract t on t.customer_id = c.id
join readings_billed b on b.meter_id = m.id;

update campaigns_campaign set state = 'SIGNED', signed_at = %(now)s, signed_by = 'Claire';
"""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Devices, each with two meters, and so many readings of each, a period apart, the last one billed."""

    devices: int
    past: int = 1

    @property
    def meters(self) -> int:
        return self.devices * 2

    @property
    def silent(self) -> int:
        """Meters of devices that nobody answered for."""
        return (self.devices - self.devices // ONE_OF) * 2

    @property
    def customers(self) -> int:
        return -(-self.devices // DEVICES_A_CUSTOMER)

    @property
    def name(self) -> str:
        return f"bench_{self.devices}_{self.past}"

    def build(self, there: psycopg.Connection) -> None:
        """Everything due today, nothing asked yet."""
        self._write(there, FLEET)
        self._write(there, HISTORY)

    def build_closing(self, there: psycopg.Connection) -> None:
        """Everybody asked, one of five answered, the time over."""
        self._build_asked(there)
        self._write(there, ANSWERED)

    def _build_asked(self, there: psycopg.Connection) -> None:
        self.build(there)
        self._write(there, CLOSING)

    def build_signed(self, there: psycopg.Connection) -> None:
        """The basis of everything, signed today."""
        self._build_asked(there)
        self._write(there, SIGNED)

    def _write(self, there: psycopg.Connection, script: str) -> None:
        now = clock.now()
        facts = {
            "devices": self.devices,
            "customers": self.customers,
            "past": self.past,
            "each": DEVICES_A_CUSTOMER,
            "period": DAYS_A_PERIOD,
            "one_of": ONE_OF,
            "due": clock.now().astimezone(clock.PARIS).date(),
            "now": now,
        }
        # The keys of these rows are right by their making; looking each up takes most of the time.
        there.execute("set local session_replication_role = replica")
        client = psycopg.ClientCursor(there)
        client.execute(script, facts)
        _count_on(there)


def _count_on(there: psycopg.Connection) -> None:
    """Identities go on after the rows that came with theirs."""
    found = there.execute(
        "select table_name from information_schema.columns"
        " where table_schema = 'public' and column_name = 'id' and is_identity = 'YES'"
    )
    for (table,) in found.fetchall():
        sequence = f"pg_get_serial_sequence('{table}', 'id')"
        there.execute(f"select setval({sequence}, coalesce(max(id), 0) + 1, false) from {table}")
