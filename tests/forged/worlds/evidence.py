"""Worlds in which the witnesses were silent, or were none: deaf watches, lines of a later version, times that turn."""

from tests.forged.edits import of
from tests.forged.world import UNKNOWN, World
from tests.helpers.histories import plus

DNS = "dns.names"

WORLDS = {
    "a line of a later version that must be understood": World(
        DNS, of("dns", plus((1.0, "veto", {"must": True, "says": "names are cached"}))), "veto", UNKNOWN
    ),
    "a watch that was interrupted": World(DNS, of("dns", plus((1.0, "gap", {"says": "pods: 410 Gone"}))), "", UNKNOWN),
    "a need that was not met": World(
        DNS, of("dns", plus((1.0, "need", {"need": "dns", "met": False, "says": "none"}))), "needs dns", UNKNOWN
    ),
}
