"""Asks as an analyst does, with a stock client of ClickHouse: analyst.py http|native HOST PORT USER PASSWORD.

Prints one object: the rows that each public view gave, and what each forbidden statement was answered.
"""
import json
import sys

way, host, port, user, password = sys.argv[1:]

if way == "http":
    import clickhouse_connect

    client = clickhouse_connect.get_client(host=host, port=int(port), username=user, password=password, database="mailtrail")

    def query(text):
        return client.query(text).result_rows

else:
    from clickhouse_driver import Client

    client = Client(host=host, port=int(port), user=user, password=password, database="mailtrail")

    def query(text):
        return client.execute(text)


answer = {"views": {}, "refused": {}}
for (view,) in query("SELECT name FROM system.tables WHERE database = 'mailtrail'"):
    answer["views"][view] = query(f"SELECT count() FROM mailtrail.{view}")[0][0]
    query(f"SELECT * FROM mailtrail.{view} LIMIT 5")
    query(f"DESCRIBE TABLE mailtrail.{view}")

for statement in (
    "INSERT INTO mailtrail.scans (imb) SELECT '1'",
    "INSERT INTO mailtrail_data.scans (piece) SELECT 1",
    "SELECT count() FROM mailtrail_data.scans",
    "SELECT count() FROM mailtrail_data.batches",
    "SELECT count() FROM system.query_log",
    "SELECT * FROM url('http://127.0.0.1:1/', LineAsString)",
    "SELECT * FROM file('/etc/passwd', LineAsString)",
    "SELECT * FROM remote('127.0.0.1', mailtrail_data.scans)",
    "CREATE TABLE mailtrail.mine (a UInt8) ENGINE = Memory",
    "CREATE VIEW mailtrail.mine AS SELECT 1",
    "ALTER TABLE mailtrail_data.scans DELETE WHERE 1",
    "TRUNCATE TABLE mailtrail_data.scans",
    "DROP VIEW mailtrail.scans",
    "GRANT SELECT ON mailtrail_data.* TO CURRENT_USER",
    "SYSTEM SHUTDOWN",
):
    try:
        query(statement)
        answer["refused"][statement] = ""
    except Exception as error:
        answer["refused"][statement] = str(error)

print(json.dumps(answer))
