"""Checks the chain of an itmsbot trail: python3 verify.py FILE.db [FILE.anchors]"""
import hashlib, sqlite3, sys

COLUMNS = "n, upgrade, at, actor_team, actor, door, kind, request, step, delivery, body"


def digest(prev, columns):
    h = hashlib.sha256(b"itmsbot-trail-1" + prev.encode())
    for column in columns:
        raw = str(column).encode()
        h.update(len(raw).to_bytes(8, "big") + raw)
    return h.hexdigest()


db = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
last, hashes = "0" * 64, {}
for n, (*columns, prev, found) in enumerate(
        db.execute("SELECT " + COLUMNS + ", prev, hash FROM event ORDER BY n"), start=1):
    if columns[0] != n or prev != last or digest(prev, columns) != found:
        sys.exit("event %d is not what was written" % n)
    last = hashes[n] = found
for name in sys.argv[2:]:
    for anchor in open(name):
        n, found = anchor.split()
        if not hashes.get(int(n), "").startswith(found):
            sys.exit("event %s is not the one that was anchored" % n)
print("%d %s" % (len(hashes), last))
