"""The SQLite engine: one file, one writer with group commit, readers beside it, a full-text index that follows.

Its rooms, each module for one noun:

- put together: ``store``, ``registry``, ``notes``; the files: ``connection``, ``schema``, ``rollup_schema``,
  ``migrations``, ``wal``, ``mooring``
- written: ``writer``, ``appending``, ``ahead``, ``batch``, ``bulk``, ``ledgers``, ``starting``, ``sessions``,
  ``messages``, ``event_ids``, ``rollups``, ``erasing``
- one session read: ``reading``; taken elsewhere: ``copying``, ``exporting``
- many sessions read: ``listing``, ``walking``, ``counting``, ``facets``, ``stats``, ``latencies``, by ``filters_sql``,
  ``narrowing``, ``matching``, ``kept``
- texts: indexed by ``index``, ``indexing``, ``documents``, ``places``; found by ``searching``, ``asking``, ``phrases``,
  ``holders``, ``weighing``
- looked after: ``upkeep``, ``dictionaries``, ``compacting``, ``vacuum``, ``examination``, ``doctor``
"""
