"""The ClickHouse engine: sessions and events of a fleet, beside a registry that keeps keys and shares."""
