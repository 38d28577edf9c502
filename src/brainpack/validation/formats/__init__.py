"""Reports for people, programs and continuous integration: a table, JSON lines, JUnit XML, SARIF."""
