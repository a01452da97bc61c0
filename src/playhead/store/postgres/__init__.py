"""The PostgreSQL engine: any number of servers on one database, partitioned by month."""
