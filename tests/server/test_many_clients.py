"""Two hundred clients at once, some of which write: each gets each of its answers."""

import http.client
import json
import threading
from collections.abc import Callable

from tests.server.processes import Running, made

CLIENTS, READS = 200, 5


def test_each_of_many_clients_gets_its_answers(serve: Callable[..., Running]) -> None:
    token = made("sql")
    server = serve()
    together, failed = threading.Barrier(CLIENTS), []
    host, port = server.address.removeprefix("http://").split(":")

    def client(number: int) -> None:
        name = f"u{number}"
        headers = {"Authorization": f"Bearer {token}"}
        write = {**headers, "Content-Type": "application/json", "If-None-Match": "*"}
        connection = http.client.HTTPConnection(host, int(port), timeout=120)
        asked: list[tuple[str, str, str | None, dict[str, str]]] = [("GET", "/api/v1/users", None, headers)] * READS
        if number % 10 == 0:
            asked.insert(2, ("PUT", f"/api/v1/users/{name}", json.dumps({"name": name}), write))
        try:
            together.wait(300)
            for method, path, body, more in asked:
                connection.request(method, path, body, more)
                answer = connection.getresponse()
                answer.read()
                assert answer.status in {200, 201}, answer.status
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    connection = http.client.HTTPConnection(host, int(port), timeout=120)
    connection.request("GET", "/api/v1/users", headers={"Authorization": f"Bearer {token}"})
    names = [row["name"] for row in json.load(connection.getresponse())["items"]]
    connection.close()
    assert len(names) == CLIENTS // 10 + 1
