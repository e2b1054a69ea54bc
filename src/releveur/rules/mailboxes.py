"""Whether two addresses belong to one company: the same mail domain, and not one where anybody gets a mailbox."""

from __future__ import annotations

PROVIDERS = """
    aliceadsl.fr aol.com bbox.fr bluewin.ch cegetel.net club-internet.fr dbmail.com email.com
    ewetel.net free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.fr gmx.net
    googlemail.com hotmail.be hotmail.ch hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it
    icloud.com laposte.net libertysurf.fr live.be live.com live.fr mac.com mail.com mailo.com
    me.com msn.com neuf.fr noos.fr nordnet.fr numericable.fr online.fr orange.fr outlook.be
    outlook.com outlook.fr ovh.fr pm.me proton.me protonmail.ch protonmail.com protonmail.fr
    rocketmail.com sfr.fr skynet.be t-online.de tele2.fr telenet.be tiscali.fr tutanota.com
    voila.fr wanadoo.fr web.de yahoo.be yahoo.com yahoo.de yahoo.es yahoo.fr yahoo.it ymail.com
    zoho.com
"""
PUBLIC = frozenset(PROVIDERS.split())
"""Domains of providers: two people there need not know each other."""


def of_one_company(one: str, other: str) -> bool:
    """Whether both addresses are in the same mail domain, which is a company's own.

    >>> of_one_company("alexandra@gramont.example", "Karim@GRAMONT.example")
    True
    >>> of_one_company("alexandra@gramont.example", "karim@paris.gramont.example")
    False
    >>> of_one_company("alexandra@orange.fr", "karim@orange.fr")
    False
    """
    mine, theirs = _domain(one), _domain(other)
    return bool(mine) and mine == theirs and mine not in PUBLIC


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip().casefold()
