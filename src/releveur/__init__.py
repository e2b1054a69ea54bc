"""The meter-reading desk of a printer dealer."""
