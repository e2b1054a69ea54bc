"""What can be looked at of the mails: names, servers, a test message; each finding says what to do."""
