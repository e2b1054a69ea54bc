"""What can be looked at from outside: each check reads one thing, says whether it is right, and what to do."""
