"""What the source may not do, whoever writes it: run what was typed, unpack objects, or encrypt in its own way."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.test_house import SOURCE, parsed, python_files

RUNS_WORDS = {"eval", "exec", "compile", "__import__"}
UNPACKS_OBJECTS = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "jsonpickle",
    "yaml",
    "plistlib",
    "xmlrpc",
}
STARTS_PROGRAMS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
HASHES = {"sha256", "file_digest"}
ENCRYPTS = {
    "hashlib", "hmac", "secrets", "ssl", "pyrage",
    "cryptography.exceptions.InvalidTag",
    "cryptography.hazmat.primitives.ciphers.aead.AESGCM",
    # Keys of DKIM are read and measured; nothing is done with them.
    "cryptography.hazmat.primitives.asymmetric.rsa.RSAPublicKey",
    "cryptography.hazmat.primitives.serialization.load_der_public_key",
}  # fmt: skip
"""Everything that proves, signs or hides something here."""

TALKS = {
    "ops/demo/__main__.py": "socket",
    "ops/demo/catching.py": "socket",
    "ops/doctor/mail/asking_dns.py": "dns",
    "ops/doctor/mail/servers.py": "smtplib",
    "outbox/mailboxes.py": "imaplib",
    "outbox/smtp.py": "smtplib",
    "postgres.py": "socket",
}
"""Who talks to another machine, and in what; beside them Django talks to the database and to the storage."""

CAN_TALK = {
    "socket", "smtplib", "imaplib", "poplib", "ftplib", "telnetlib", "http.client", "urllib.request",
    "urllib3", "requests", "httpx", "aiohttp", "dns", "boto3", "botocore", "paramiko", "websockets",
}  # fmt: skip
MADE_AT_RUN_TIME = {
    "fleet/registers.py": "a file of our own",
    "fleet/showing.py": "a file of our own",
    "importing/returning_workbooks.py": "names of attributes of our own",
    "outbox/erasing.py": "each word is escaped",
}
"""Patterns that are no constants."""

PATTERNS = {f"re.{verb}" for verb in
            ("compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")}  # fmt: skip

FILES = python_files("src")


def where(node: ast.AST, path: str) -> str:
    return f"{path}:{getattr(node, 'lineno', 0)}"


def calls() -> Iterator[tuple[str, ast.Call]]:
    for path in FILES:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call):
                yield path.relative_to(SOURCE).as_posix(), node


def imported() -> Iterator[tuple[str, str]]:
    """Whole names: of `from a.b import c` also `a.b.c`."""
    for path in FILES:
        file = path.relative_to(SOURCE).as_posix()
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Import):
                yield from ((file, one.name) for one in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield from ((file, f"{node.module}.{one.name}") for one in node.names)


def comes_from(name: str, packages: set[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in packages)


def test_no_words_are_run_as_a_program() -> None:
    found = [where(call, path) for path, call in calls() if ast.unparse(call.func) in RUNS_WORDS]
    assert not found
    modules = [(path, ast.unparse(call.args[0])) for path, call in calls()
               if ast.unparse(call.func).endswith("import_module")]  # fmt: skip
    assert modules == [("confined.py", "order['module']")], "our own order to our own child"


def test_other_programs_get_a_list_of_words_and_no_shell() -> None:
    found = []
    for path, call in calls():
        name = ast.unparse(call.func)
        shell = [one for one in call.keywords if one.arg == "shell"]
        text = call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr | ast.BinOp)
        if name in STARTS_PROGRAMS or name.startswith(("os.exec", "os.spawn")) or shell:
            found.append(where(call, path))
        if name in {"subprocess.run", "subprocess.Popen"} and text:
            found.append(where(call, path))
    assert not found


def test_nothing_that_came_is_unpacked_into_objects() -> None:
    assert not [one for one in imported() if comes_from(one[1], UNPACKS_OBJECTS)]


def test_only_proven_code_encrypts_and_only_sha_256_and_longer_hashes() -> None:
    known = ("hashlib", "hmac", "secrets", "ssl", "pyrage", "cryptography", "Crypto", "Cryptodome", "nacl",
             "gnupg", "jwt", "jose", "rsa", "passlib", "random")  # fmt: skip
    used = {name for _file, name in imported() if comes_from(name, set(known))}
    assert used <= ENCRYPTS, "look it up, then write it into docs/security/threats.md and here"
    for path, call in calls():
        library, _dot, hashes = ast.unparse(call.func).partition(".")
        if library == "hashlib" and hashes.isidentifier():
            assert hashes in HASHES, where(call, path)
        if ast.unparse(call.func) in {"hmac.new", "hmac.digest"}:
            assert ast.unparse(call.args[2]) == "hashlib.sha256", where(call, path)
        if ast.unparse(call.func) == "hashlib.file_digest":
            assert ast.unparse(call.args[1]) == "'sha256'", where(call, path)


def test_whoever_talks_to_another_machine_is_known() -> None:
    talking = {
        (file, name.partition(".")[0]) for file, name in imported() if comes_from(name, CAN_TALK)
    }
    assert talking == set(TALKS.items()), "docs/security/threats.md says whom the program talks to"


def test_what_is_typed_is_no_pattern() -> None:
    found = {}
    for path, call in calls():
        if ast.unparse(call.func) in PATTERNS and not is_constant(call.args[0], path):
            found[path] = where(call, path)
    assert set(found) == set(MADE_AT_RUN_TIME), found


def test_no_script_writes_into_a_field_whose_name_came() -> None:
    for script in (SOURCE / "web" / "static").rglob("*.js"):
        code = script.read_text()
        assert not re.findall(r"[\w)\]]\[[^\]'\"]+\]\s*=[^=>]", code), (
            "a field named __proto__ would be ours"
        )
        assert not re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", code
        )


def is_constant(pattern: ast.expr, path: str) -> bool:
    """Written there, or made of names of the same file that are."""
    match pattern:
        case ast.Constant():
            return True
        case ast.JoinedStr():
            inner = [one.value for one in pattern.values if isinstance(one, ast.FormattedValue)]
            return all(is_constant(one, path) for one in inner)
        case ast.BinOp():
            return is_constant(pattern.left, path) and is_constant(pattern.right, path)
        case ast.Name():
            return pattern.id in constants(path)
        case _:
            return False


def constants(path: str) -> set[str]:
    """Names in capitals at the top of a file."""
    top = parsed(SOURCE / path).body
    names = [target for node in top if isinstance(node, ast.Assign) for target in node.targets]
    return {one.id for one in names if isinstance(one, ast.Name) and one.id.isupper()}
