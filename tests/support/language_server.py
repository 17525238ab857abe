"""A client of the Language Server Protocol, as little of it as an editor needs for one document."""

import json
import selectors
import subprocess
import time
from pathlib import Path
from typing import Any

DEADLINE = 60.0


class Editor:
    """An editor that has one folder open. Use it as a context.

    Args:
        server: the language server's program.
        folder: what is open.
        settings: answered whenever the server asks for them.
    """

    def __init__(self, server: str, folder: Path, settings: dict[str, Any]) -> None:
        self._folder = folder
        self._settings = settings
        self._said = b""
        self._number = 0
        self._got: list[dict[str, Any]] = []
        self._process = subprocess.Popen(
            [server, "--stdio"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> "Editor":
        folders = [{"uri": self._folder.as_uri(), "name": "work"}]
        abilities = {
            "workspace": {"configuration": True, "workspaceFolders": True},
            "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}, "publishDiagnostics": {}},
        }
        self.ask(
            "initialize",
            {"processId": None, "rootUri": folders[0]["uri"], "workspaceFolders": folders, "capabilities": abilities},
        )
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": self._settings})
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def open(self, file: Path) -> list[dict[str, Any]]:
        """Open a document; return its diagnostics."""
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": file.read_text("utf-8")}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return self.diagnostics(file)

    def diagnostics(self, file: Path) -> list[dict[str, Any]]:
        """Wait for the diagnostics of a document."""
        found = self._wait(
            lambda m: m.get("method") == "textDocument/publishDiagnostics" and m["params"]["uri"] == file.as_uri()
        )
        return list(found["params"]["diagnostics"])

    def complete(self, file: Path, line: int, column: int) -> list[str]:
        """Return what is offered at a place, counted from 0."""
        place = {"textDocument": {"uri": file.as_uri()}, "position": {"line": line, "character": column}}
        answer = self.ask("textDocument/completion", place)
        items = answer["items"] if isinstance(answer, dict) else answer
        return [item["label"] for item in items]

    def tell(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """Send a request; return its result."""
        self._number += 1
        number = self._number
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        found = self._wait(lambda m: m.get("id") == number and "method" not in m)
        assert "error" not in found, found
        return found["result"]

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _wait(self, wanted: Any) -> dict[str, Any]:
        end = time.monotonic() + DEADLINE
        while True:
            for number, message in enumerate(self._got):
                if wanted(message):
                    return self._got.pop(number)
            self._read(end - time.monotonic())

    def _read(self, seconds: float) -> None:
        """Read what the server says next; answer what it asks."""
        assert self._process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            assert selector.select(max(0.0, seconds)), f"the language server says nothing; so far: {self._got}"
        piece = self._process.stdout.read1(65536)  # type: ignore[attr-defined]
        assert piece, "the language server has ended"
        self._said += piece
        while True:
            head, there, rest = self._said.partition(b"\r\n\r\n")
            length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]) if there else 0
            if not there or len(rest) < length:
                return
            self._said = rest[length:]
            self._heard(json.loads(rest[:length]))

    def _heard(self, message: dict[str, Any]) -> None:
        if "method" in message and "id" in message:
            self._send({"jsonrpc": "2.0", "id": message["id"], "result": self._answer(message)})
        else:
            self._got.append(message)

    def _answer(self, message: dict[str, Any]) -> Any:
        if message["method"] != "workspace/configuration":
            return None
        return [self._settings.get(item.get("section", "")) for item in message["params"]["items"]]
