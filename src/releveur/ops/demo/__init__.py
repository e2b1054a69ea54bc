"""The demonstration: a dealer who does not exist, his fleet, and one quarter of his work to live through."""
