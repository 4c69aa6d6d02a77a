"""CDR files as Asterisk writes them."""


def master(start: str, answer: str = "", billsec: object = 0, **cells: str) -> str:
    """One line of Master.csv as Asterisk quotes it."""
    row = {
        "accountcode": "",
        "src": "4930111",
        "dst": "0049301234",
        "dcontext": "from-trunk",
        "clid": '"Ann "A" Lee" <4930111>',
        "channel": "PJSIP/carrier-west-0000000a",
        "dstchannel": "SIP/acme-0000000b",
        "lastapp": "Dial",
        "lastdata": "SIP/acme,30",
        "start": start,
        "answer": answer,
        "end": start,
        "duration": "9",
        "billsec": str(billsec),
        "disposition": "ANSWERED" if billsec else "NO ANSWER",
        "amaflags": "DOCUMENTATION",
        "uniqueid": "1779569178.7",
        "userfield": "",
    } | cells
    bare = ("duration", "billsec")
    parts = [row[c] if c in bare else '"' + row[c].replace('"', '""') + '"' for c in row]
    return ",".join(parts) + "\n"
