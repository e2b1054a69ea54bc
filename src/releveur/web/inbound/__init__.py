"""The door by which a mail provider hands over what arrived."""
