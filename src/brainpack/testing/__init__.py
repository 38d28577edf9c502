"""For tests of others: `stores` tests what is built to a protocol (pytest), `strategies` makes data (hypothesis)."""
